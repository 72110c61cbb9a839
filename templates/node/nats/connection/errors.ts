import { OperatorError } from '../../engine/operator-error.ts';

/** Why an engine on NATS cannot work, or does not work now. */
export type NatsErrorCode =
	| 'NATS_ADDRESS_MISSING'
	| 'NATS_ADDRESS_INVALID'
	| 'NATS_CLIENT_MISSING'
	| 'NATS_CLIENT_INVALID'
	| 'NATS_UNREACHABLE'
	| 'NATS_TLS'
	| 'NATS_PROTOCOL'
	| 'NATS_AUTHENTICATION'
	| 'NATS_PERMISSION'
	| 'NATS_VERSION'
	| 'NATS_JETSTREAM'
	| 'NATS_PAYLOAD'
	| 'NATS_STREAM'
	| 'NATS_REPLICAS'
	| 'NATS_PREFIX_TAKEN'
	| 'NATS_DATA_NEWER'
	| 'NATS_REFUSES';

/** Codes of errors that pass by themselves: the engine goes on trying. */
const PASSING: ReadonlySet<NatsErrorCode> = new Set(['NATS_UNREACHABLE', 'NATS_REFUSES']);

/** An error of the connection to NATS, for the site's operator. */
export class NatsError extends OperatorError {
	/**
	 * @param message What is wrong: a sentence.
	 * @param hint The next step: a sentence.
	 */
	constructor(code: NatsErrorCode, message: string, hint: string) {
		super(code, message, hint, !PASSING.has(code));
	}
}
