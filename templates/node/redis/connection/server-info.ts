import { OLDEST_REDIS } from '../scripts/limits.ts';
import { EngineError } from './errors.ts';

/** What a server says of itself. */
export interface ServerInfo {
	/** Changes when the server restarts, or another one takes over. */
	readonly run: string;
	/** What may be lost without memory, undefined if nothing. */
	readonly eviction: string | undefined;
}

/**
 * Checks that the engine can work on a server.
 *
 * @param text The answer to INFO.
 * @param place The server, for errors.
 * @throws EngineError if it cannot.
 */
export function checkServer(text: string, place: string): ServerInfo {
	const fields = new Map(
		text.split(/\r?\n/).map((line) => {
			const colon = line.indexOf(':');
			return [line.slice(0, colon), line.slice(colon + 1)] as const;
		}),
	);
	if (fields.get('loading') === '1') {
		throw new EngineError(
			'REDIS_LOADING',
			`Redis at ${place} still loads its data.`,
			'Wait: the engine tries again.',
		);
	}
	const version = fields.get('redis_version') ?? '';
	const [major = 0, minor = 0] = version.split('.').map(Number);
	const [oldestMajor, oldestMinor] = OLDEST_REDIS;
	if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
		const oldest = OLDEST_REDIS.join('.');
		throw new EngineError(
			'REDIS_VERSION',
			`The server at ${place} is Redis ${version || 'of an unknown version'}. The realtime engine needs ${oldest}.`,
			`Use Redis ${oldest} or later, or Valkey.`,
		);
	}
	if (fields.get('role') === 'slave') {
		throw new EngineError(
			'REDIS_REPLICA',
			`The server at ${place} is a replica, which takes no messages.`,
			'Connect to its master. With sentinels, set REDIS_SENTINELS.',
		);
	}
	const policy = fields.get('maxmemory_policy') ?? 'noeviction';
	return {
		run: `${fields.get('run_id')} ${fields.get('master_replid')}`,
		eviction: policy === 'noeviction' ? undefined : policy,
	};
}

/** What an operator is told of a server that may drop keys. */
export function evictionWarning(policy: string, place: string): EngineError {
	return new EngineError(
		'REDIS_EVICTION',
		`Redis at ${place} drops keys when its memory is full: its \`maxmemory-policy\` is \`${policy}\`. Clients can then miss messages without being told.`,
		'Set `maxmemory-policy noeviction`, or give the site a server of its own.',
	);
}
