import { reasonOf } from '../../engine/answers.ts';
import { NatsError, type NatsErrorCode } from './errors.ts';

interface Kind {
	readonly code: NatsErrorCode;
	readonly pattern: RegExp;
	/**
	 * What is wrong: a sentence.
	 *
	 * @param reason What was said.
	 */
	readonly message: (place: string, reason: string) => string;
	/** The next step. */
	readonly hint: string;
}

/** By what Node.js, the client or NATS says. The first one that fits counts. */
const KINDS: readonly Kind[] = [
	{
		code: 'NATS_AUTHENTICATION',
		pattern: /authorization violation|authentication|no authenticator|nkey/i,
		message: (place) => `NATS at ${place} refuses the user, the password or the token.`,
		hint: 'Check them in NATS_URL: nats://user:password@host:4222. Percent-encode special characters.',
	},
	{
		code: 'NATS_PERMISSION',
		pattern: /permissions violation/i,
		message: (place) => `The user may not use a subject on NATS at ${place}.`,
		hint: 'Allow it the subjects of the prefix, and those of JetStream that the page of the package lists.',
	},
	{
		code: 'NATS_TLS',
		pattern: /does not support 'tls'|wrong version number|packet length too long|ERR_SSL|EPROTO/i,
		message: (place) => `The server at ${place} does not speak TLS.`,
		hint: 'Write `nats:` in place of `tls:` in NATS_URL, or use the port for TLS.',
	},
	{
		code: 'NATS_TLS',
		pattern: /certificate|self[- ]signed|ERR_TLS|secure connection|tls required/i,
		message: (place) => `The certificate of the server at ${place} is not accepted.`,
		hint: 'Name the host as the certificate does, or set NODE_EXTRA_CA_CERTS to the file of its authority.',
	},
	{
		code: 'NATS_PROTOCOL',
		pattern: /unexpected response|parse error|bad format|-ERR|HTTP\/1|protocol/i,
		message: (place) => `The server at ${place} does not speak the protocol of NATS.`,
		hint: 'Check the port in NATS_URL.',
	},
	{
		code: 'NATS_REFUSES',
		pattern: /resource limits exceeded|insufficient|maximum (?:bytes|messages)|no space left/i,
		message: (place, reason) =>
			`The space for JetStream on NATS at ${place} is used up: ${reason}.`,
		hint: 'Raise the limit of the account, the stream or the server, or remove data.',
	},
];

/**
 * Says what is wrong with the connection to a server, and what to do. The error itself is not passed
 * on: those of clients can hold the password.
 */
export function describeFailure(
	error: Error,
	{ place, isTls }: { readonly place: string; readonly isTls: boolean },
): NatsError {
	if (error instanceof NatsError) return error;
	const cause = error.cause instanceof Error ? error.cause.message : '';
	const text = `${Reflect.get(error, 'code') ?? ''} ${error.message} ${cause}`.trim();
	const message = reasonOf(error);
	const reason = (message === '' ? text : message).replace(/\.$/, '');
	const kind = KINDS.find(({ pattern }) => pattern.test(text));
	if (kind !== undefined) return new NatsError(kind.code, kind.message(place, reason), kind.hint);
	if (message !== error.message) {
		return new NatsError(
			'NATS_REFUSES',
			`NATS at ${place} takes no messages now: ${reason}.`,
			'Look into its log. The engine tries again by itself.',
		);
	}
	const how = isTls ? ' with TLS' : '';
	return new NatsError(
		'NATS_UNREACHABLE',
		`NATS at ${place} cannot be reached${how}: ${reason}.`,
		'Start it, or check the address. The engine tries again by itself.',
	);
}
