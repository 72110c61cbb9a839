import { CLAIM_LIFETIME, MAX_SESSIONS } from '../../../realtime/channel/limits.ts';
import { isOutage } from '../../../realtime/channel/outage.ts';
import type { Claim, Host, Session } from '../../../realtime/channel/ports.ts';
import { RealtimeError } from '../../../realtime/protocol/errors.ts';
import { SESSION_LIFETIME } from '../../engine/limits.ts';
import type { Commands } from '../connection/commands.ts';
import type { Keys, SessionNames } from '../connection/keys.ts';
import { OPEN, PROLONG, RESUME, SUSPEND } from '../scripts/session.ts';
import { Claims, type ClaimsInit } from './claims.ts';
import type { Leases } from './leases.ts';

/** The length of a session's public id, of `a-z0-9`. */
const SESSION_ID_LENGTH = 16;

/** Sessions of one command. */
const AT_ONCE = 200;

export interface SessionsInit extends ClaimsInit {
	readonly commands: Pick<Commands, 'run'>;
	readonly keys: Keys;
	readonly leases: Pick<Leases, 'process' | 'earlier' | 'isAlive'>;
	readonly host: Pick<Host, 'alarm' | 'random' | 'report' | 'secret'>;
}

/** The sessions of connections, in Redis: another process can continue them. */
export class Sessions {
	readonly #init: SessionsInit;
	readonly #claims: Claims;
	/** Sessions with a connection to this process, by their secrets. */
	readonly #open = new Map<string, SessionNames>();
	/** Their secrets, by the keys of the sessions. */
	readonly #secrets = new Map<string, string>();

	constructor(init: SessionsInit) {
		this.#init = init;
		this.#claims = new Claims(init);
	}

	async open(userId: string | undefined): Promise<Session> {
		const { commands, keys, host, leases } = this.#init;
		const session = { secret: host.secret(), id: host.random(SESSION_ID_LENGTH) };
		const names = keys.session(session.secret, userId);
		await commands.run(OPEN, keysOf(names), [
			session.id,
			leases.process,
			SESSION_LIFETIME,
			names.name,
			MAX_SESSIONS,
			names.prefix,
		]);
		this.#keep(session.secret, names);
		return session;
	}

	async resume(secret: string, userId: string | undefined): Promise<Session | undefined> {
		const { commands, keys, leases } = this.#init;
		const names = keys.session(secret, userId);
		const id = await commands.run(RESUME, keysOf(names), [
			leases.process,
			SESSION_LIFETIME,
			names.name,
			keys.processes,
			...leases.earlier,
		]);
		if (id === null) return undefined;
		this.#keep(secret, names);
		return { secret, id: String(id) };
	}

	async suspend(secret: string): Promise<void> {
		const names = this.#open.get(secret);
		if (names === undefined) return;
		this.#forget(secret, names);
		const { commands, leases } = this.#init;
		const { process, earlier } = leases;
		try {
			const args = [process, CLAIM_LIFETIME, names.name, ...earlier];
			await commands.run(SUSPEND, keysOf(names), args);
		} catch (error) {
			// The session ends later, by its lifetime.
			if (!isOutage(error)) throw error;
		}
	}

	async claim(secret: string, message: number): Promise<Claim> {
		const names = this.#open.get(secret);
		if (names === undefined) {
			throw new RealtimeError({ code: 'UNCERTAIN', message: 'The session has ended.' });
		}
		return await this.#claims.claim(secret, names.session, message);
	}

	/** The connection of the session may have ended. */
	settle(secret: string, message: number, outcome: string): void {
		this.#claims.settle(secret, message, outcome);
	}

	/**
	 * Another process continues a session.
	 *
	 * @param session The key of the session.
	 * @returns its secret, undefined if it has no connection here.
	 */
	taken(session: string): string | undefined {
		const secret = this.#secrets.get(session);
		const names = secret === undefined ? undefined : this.#open.get(secret);
		if (secret !== undefined && names !== undefined) this.#forget(secret, names);
		return secret;
	}

	/** Lets the sessions of open connections live on. */
	async prolong(): Promise<void> {
		const { commands, isCluster } = this.#init;
		const all = [...this.#open.values()];
		const size = isCluster() ? 1 : AT_ONCE;
		for (let start = 0; start < all.length; start += size) {
			const keys = all.slice(start, start + size).flatMap(keysOf);
			await commands.run(PROLONG, keys, [SESSION_LIFETIME]);
		}
	}

	#keep(secret: string, names: SessionNames): void {
		this.#open.set(secret, names);
		this.#secrets.set(names.session, secret);
	}

	#forget(secret: string, { session }: SessionNames): void {
		this.#open.delete(secret);
		this.#secrets.delete(session);
	}

	/** Writes what an outage left. */
	catchUp(): void {
		this.#claims.catchUp();
	}
}

function keysOf({ session, ofUser }: SessionNames): readonly string[] {
	return ofUser === undefined ? [session] : [session, ofUser];
}
