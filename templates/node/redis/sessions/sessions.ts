import {
	CLAIM_LIFETIME,
	MAX_SESSIONS,
	SESSION_ID_LENGTH,
} from '../../../realtime/channel/limits.ts';
import { isOutage } from '../../../realtime/channel/outage.ts';
import type { Claim, Host, Session } from '../../../realtime/channel/ports.ts';
import { SESSION_LIFETIME } from '../../engine/limits.ts';
import { type OpenSession, OpenSessions } from '../../engine/open-sessions.ts';
import type { Commands } from '../connection/commands.ts';
import type { Keys, SessionNames } from '../connection/keys.ts';
import { OPEN, PROLONG, RESUME, SUSPEND } from '../scripts/session.ts';
import { Claims, type ClaimsInit } from './claims.ts';
import type { Leases } from './leases.ts';

/** Sessions of one command. */
const AT_ONCE = 200;

export interface SessionsInit extends ClaimsInit {
	readonly commands: Pick<Commands, 'run'>;
	readonly keys: Keys;
	readonly leases: Pick<Leases, 'process' | 'earlier' | 'isAlive'>;
	readonly host: Pick<Host, 'alarm' | 'random' | 'report' | 'secret'>;
}

interface Open extends OpenSession {
	readonly names: SessionNames;
}

/** The sessions of connections, in Redis: another process can continue them. */
export class Sessions {
	readonly #init: SessionsInit;
	readonly #claims: Claims;
	readonly #open: OpenSessions<Open>;

	constructor(init: SessionsInit) {
		this.#init = init;
		this.#claims = new Claims(init);
		this.#open = new OpenSessions(init.leases);
	}

	async open(userId: string | undefined): Promise<Session> {
		const { commands, keys, host, leases } = this.#init;
		const session = { secret: host.secret(), id: host.random(SESSION_ID_LENGTH) };
		const names = keys.session(session.secret, userId);
		const connection = this.#open.newConnection();
		await commands.run(OPEN, keysOf(names), [
			session.id,
			leases.process,
			SESSION_LIFETIME,
			names.name,
			MAX_SESSIONS,
			names.prefix,
			connection,
		]);
		this.#open.keep(session.secret, { names, connection });
		return session;
	}

	async resume(secret: string, userId: string | undefined): Promise<Session | undefined> {
		const { commands, keys, leases } = this.#init;
		const names = keys.session(secret, userId);
		const connection = this.#open.newConnection();
		const id = await commands.run(RESUME, keysOf(names), [
			leases.process,
			SESSION_LIFETIME,
			names.name,
			connection,
			keys.processes,
			...leases.earlier,
		]);
		if (id === null) return undefined;
		this.#open.keep(secret, { names, connection });
		return { secret, id: String(id) };
	}

	async suspend(secret: string): Promise<void> {
		const open = this.#open.end(secret);
		if (open === undefined) return;
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
		const { names } = this.#open.get(secret);
		return await this.#claims.claim(secret, names.session, message);
	}

	/** The connection of the session may have ended. */
	settle(secret: string, message: number, outcome: string): void {
		this.#claims.settle(secret, message, outcome);
	}

	/** Another process continues the session of a connection: {@link OpenSessions.taken}. */
	taken(connection: string): string | undefined {
		return this.#open.taken(connection);
	}

	/** Lets the sessions of open connections live on. */
	async prolong(): Promise<void> {
		const { commands, isCluster } = this.#init;
		const { all } = this.#open;
		const size = isCluster() ? 1 : AT_ONCE;
		for (let start = 0; start < all.length; start += size) {
			const keys = all.slice(start, start + size).flatMap(({ names }) => keysOf(names));
			await commands.run(PROLONG, keys, [SESSION_LIFETIME]);
		}
	}

	/** Writes what an outage left. */
	catchUp(): void {
		this.#claims.catchUp();
	}
}

function keysOf({ session, ofUser }: SessionNames): readonly string[] {
	return ofUser === undefined ? [session] : [session, ofUser];
}
