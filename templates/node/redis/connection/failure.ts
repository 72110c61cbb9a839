import { reasonOf } from '../../engine/answers.ts';
import { EngineError, type EngineErrorCode } from './errors.ts';

interface Kind {
	readonly code: EngineErrorCode;
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

/** What TLS says of an answer without it. */
const NO_TLS = /wrong.version.number|packet.length.too.long/i;

/** A server that was asked for TLS speaks without. */
export function plainServer(place: string): EngineError {
	return new EngineError(
		'REDIS_TLS',
		`The server at ${place} does not speak TLS.`,
		'Write `redis:` in place of `rediss:` in REDIS_URL, or use the port for TLS.',
	);
}

/** By what Node.js, the client or Redis says. The first one that fits counts. */
const KINDS: readonly Kind[] = [
	{
		code: 'REDIS_AUTHENTICATION',
		pattern:
			/^(?:WRONGPASS|NOAUTH)\b|invalid password|called without any password|no password is set/i,
		message: (place) => `Redis at ${place} refuses the user or the password.`,
		hint: 'Check both in REDIS_URL: redis://user:password@host:6379. Percent-encode special characters.',
	},
	{
		code: 'REDIS_PERMISSION',
		pattern: /^NOPERM\b/,
		message: (place) => `The user may not run a command on Redis at ${place}.`,
		hint: 'Allow it the keys and channels of the prefix, and the commands that the page on channels lists.',
	},
	{
		code: 'REDIS_TLS',
		pattern: /certificate|self[- ]signed|ERR_TLS/i,
		message: (place) => `The certificate of the server at ${place} is not accepted.`,
		hint: 'Name the host as the certificate does, or set NODE_EXTRA_CA_CERTS to the file of its authority.',
	},
	{
		code: 'REDIS_PROTOCOL',
		pattern: /^Protocol error, got|^Unknown RESP type/,
		message: (place) => `The server at ${place} does not speak the protocol of Redis.`,
		hint: 'Check the port in REDIS_URL. If it is that for TLS, write `rediss:`.',
	},
	{
		code: 'REDIS_REFUSES',
		pattern: /\bOOM command/,
		message: (place) => `The memory of Redis at ${place} is full.`,
		hint: 'Raise its `maxmemory`, or remove data.',
	},
	{
		code: 'REDIS_REFUSES',
		pattern: /\b(?:MISCONF|NOREPLICAS|CLUSTERDOWN|MASTERDOWN|BUSY|READONLY) /,
		message: (place, reason) => `Redis at ${place} takes no messages now: ${reason}.`,
		hint: 'Look into its log. The engine tries again by itself.',
	},
	{
		code: 'REDIS_LOADING',
		pattern: /^LOADING\b/,
		message: (place) => `Redis at ${place} still loads its data.`,
		hint: 'Wait: the engine tries again.',
	},
];

/**
 * Says what is wrong with the connection to a server, and what to do. The error itself is not passed
 * on: those of clients can hold the password.
 */
export function describeFailure(
	error: Error,
	{ place, isTls }: { readonly place: string; readonly isTls: boolean },
): EngineError {
	if (error instanceof EngineError) return error;
	const message = reasonOf(error);
	const text = `${Reflect.get(error, 'code') ?? ''} ${message}`.trim();
	const reason = (message === '' ? text : message).replace(/\.$/, '');
	if (NO_TLS.test(text)) return plainServer(place);
	const kind = KINDS.find(({ pattern }) => pattern.test(message) || pattern.test(text));
	if (kind !== undefined) return new EngineError(kind.code, kind.message(place, reason), kind.hint);
	const how = isTls ? ' with TLS' : '';
	return new EngineError(
		'REDIS_UNREACHABLE',
		`Redis at ${place} cannot be reached${how}: ${reason}.`,
		isTls
			? 'Start it, or check the address. If it does not speak TLS, write `redis:` in place of `rediss:`. The engine tries again by itself.'
			: 'Start it, or check the address. If it is the port for TLS, write `rediss:` in place of `redis:`. The engine tries again by itself.',
	);
}
