import { OperatorError } from '../../engine/operator-error.ts';

/** Why an engine on Redis cannot work, or does not work now. */
export type EngineErrorCode =
	| 'REDIS_ADDRESS_MISSING'
	| 'REDIS_ADDRESS_INVALID'
	| 'REDIS_CLIENT_MISSING'
	| 'REDIS_CLIENT_INVALID'
	| 'REDIS_UNREACHABLE'
	| 'REDIS_TLS'
	| 'REDIS_PROTOCOL'
	| 'REDIS_AUTHENTICATION'
	| 'REDIS_PERMISSION'
	| 'REDIS_VERSION'
	| 'REDIS_LOADING'
	| 'REDIS_REPLICA'
	| 'REDIS_PREFIX_TAKEN'
	| 'REDIS_DATA_NEWER'
	| 'REDIS_EVICTION'
	| 'REDIS_REFUSES';

/** Codes of errors that pass by themselves: the engine goes on trying. */
const PASSING: ReadonlySet<EngineErrorCode> = new Set([
	'REDIS_UNREACHABLE',
	'REDIS_LOADING',
	'REDIS_REPLICA',
	'REDIS_REFUSES',
]);

/** An error of the connection to Redis, for the site's operator. */
export class EngineError extends OperatorError {
	/**
	 * @param message What is wrong: a sentence.
	 * @param hint The next step: a sentence.
	 */
	constructor(code: EngineErrorCode, message: string, hint: string) {
		super(code, message, hint, !PASSING.has(code));
	}
}
