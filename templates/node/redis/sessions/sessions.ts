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

/** A session with a connection to this process. */
interface Open {
	readonly names: SessionNames;
	/** The name of its connection. One that has ended suspends no session that another one continues. */
	readonly connection: string;
}

/** The sessions of connections, in Redis: another process can continue them. */
export class Sessions {
	readonly #init: SessionsInit;
	readonly #claims: Claims;
	/** By their secrets. */
	readonly #open = new Map<string, Open>();
	/** Their secrets by connection. */
	readonly #secrets = new Map<string, string>();
	#connections = 0;

	constructor(init: SessionsInit) {
		this.#init = init;
		this.#claims = new Claims(init);
	}

	async open(userId: string | undefined): Promise<Session> {
		const { commands, keys, host, leases } = this.#init;
		const session = { secret: host.secret(), id: host.random(SESSION_ID_LENGTH) };
		const names = keys.session(session.secret, userId);
		const connection = this.#newConnection();
		await commands.run(OPEN, keysOf(names), [
			session.id,
			leases.process,
			SESSION_LIFETIME,
			names.name,
			MAX_SESSIONS,
			names.prefix,
			connection,
		]);
		this.#keep(session.secret, { names, connection });
		return session;
	}

	async resume(secret: string, userId: string | undefined): Promise<Session | undefined> {
		const { commands, keys, leases } = this.#init;
		const names = keys.session(secret, userId);
		const connection = this.#newConnection();
		const id = await commands.run(RESUME, keysOf(names), [
			leases.process,
			SESSION_LIFETIME,
			names.name,
			connection,
			keys.processes,
			...leases.earlier,
		]);
		if (id === null) return undefined;
		this.#keep(secret, { names, connection });
		return { secret, id: String(id) };
	}

	async suspend(secret: string): Promise<void> {
		const open = this.#open.get(secret);
		if (open === undefined) return;
		this.#forget(secret);
		const { names, connection } = open;
		try {
			const args = [connection, CLAIM_LIFETIME, names.name];
			await this.#init.commands.run(SUSPEND, keysOf(names), args);
		} catch (error) {
			// The session ends later, by its lifetime.
			if (!isOutage(error)) throw error;
		}
	}

	async claim(secret: string, message: number): Promise<Claim> {
		const open = this.#open.get(secret);
		if (open === undefined) {
			throw new RealtimeError({ code: 'UNCERTAIN', message: 'The session has ended.' });
		}
		return await this.#claims.claim(secret, open.names.session, message);
	}

	/** The connection of the session may have ended. */
	settle(secret: string, message: number, outcome: string): void {
		this.#claims.settle(secret, message, outcome);
	}

	/**
	 * Another process continues the session of a connection.
	 *
	 * @returns its secret, undefined if it is of none here, or has come back to another connection since.
	 */
	taken(connection: string): string | undefined {
		const secret = this.#secrets.get(connection);
		if (secret !== undefined) this.#forget(secret);
		return secret;
	}

	/** Lets the sessions of open connections live on. */
	async prolong(): Promise<void> {
		const { commands, isCluster } = this.#init;
		const all = [...this.#open.values()];
		const size = isCluster() ? 1 : AT_ONCE;
		for (let start = 0; start < all.length; start += size) {
			const keys = all.slice(start, start + size).flatMap(({ names }) => keysOf(names));
			await commands.run(PROLONG, keys, [SESSION_LIFETIME]);
		}
	}

	#newConnection(): string {
		return `${this.#init.leases.process}.${++this.#connections}`;
	}

	#keep(secret: string, open: Open): void {
		this.#forget(secret);
		this.#open.set(secret, open);
		this.#secrets.set(open.connection, secret);
	}

	#forget(secret: string): void {
		const connection = this.#open.get(secret)?.connection;
		this.#open.delete(secret);
		if (connection !== undefined) this.#secrets.delete(connection);
	}

	/** Writes what an outage left. */
	catchUp(): void {
		this.#claims.catchUp();
	}
}

function keysOf({ session, ofUser }: SessionNames): readonly string[] {
	return ofUser === undefined ? [session] : [session, ofUser];
}
