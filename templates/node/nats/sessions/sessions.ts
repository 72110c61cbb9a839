import { CLAIM_LIFETIME, MAX_SESSIONS } from '../../../realtime/channel/limits.ts';
import { isOutage } from '../../../realtime/channel/outage.ts';
import type { Claim, Host, Session } from '../../../realtime/channel/ports.ts';
import { RealtimeError } from '../../../realtime/protocol/errors.ts';
import { SESSION_LIFETIME } from '../../engine/limits.ts';
import type { Names, SessionNames } from '../connection/names.ts';
import type { Requests } from '../connection/requests.ts';
import type { Store } from '../connection/store.ts';
import { Claims, type ClaimsInit } from './claims.ts';

/** The length of a session's public id, of `a-z0-9`. */
const SESSION_ID_LENGTH = 16;

/** Sessions that are prolonged at once. */
const AT_ONCE = 100;

/** A session as it is kept. */
interface StoredSession {
	readonly id: string;
	/** The process of its connection. */
	readonly process: string;
	/** The life of the data. */
	readonly life: string;
	/** The name of its connection. */
	readonly connection: string;
	/** Whether its connection has ended. */
	readonly isSuspended: boolean;
}

/** A session with a connection to this process. */
interface Open {
	readonly names: SessionNames;
	readonly id: string;
	readonly connection: string;
	/** The sequence of its newest record, as far as NATS has answered. */
	sequence: number;
}

export interface SessionsInit extends ClaimsInit {
	readonly requests: Pick<Requests, 'tell'>;
	readonly store: Pick<Store, 'from' | 'last' | 'put'>;
	readonly names: Names;
	readonly host: Pick<Host, 'alarm' | 'random' | 'report' | 'secret'>;
	/**
	 * The life of the data. A server that restarted may lack the newest claims: it does not resume the
	 * sessions of before, and their clients are told that the fate of unanswered messages is unknown.
	 */
	readonly life: () => string;
}

/** The sessions of connections, in NATS: another process can continue them. */
export class Sessions {
	readonly #init: SessionsInit;
	readonly #claims: Claims;
	/** By their secrets. */
	readonly #open = new Map<string, Open>();
	/** The secrets by connection. */
	readonly #secrets = new Map<string, string>();
	#connections = 0;

	constructor(init: SessionsInit) {
		this.#init = init;
		this.#claims = new Claims(init);
	}

	async open(userId: string | undefined): Promise<Session> {
		const { names, host } = this.#init;
		const session = { secret: host.secret(), id: host.random(SESSION_ID_LENGTH) };
		const own = names.session(session.secret, userId);
		const open = { names: own, id: session.id, connection: this.#newConnection(), sequence: 0 };
		const sequence = await this.#put(open, false, undefined);
		this.#keep(session.secret, { ...open, sequence: sequence ?? 0 });
		if (own.ofUser !== undefined) await this.#limit(own.ofUser);
		return session;
	}

	async resume(secret: string, userId: string | undefined): Promise<Session | undefined> {
		const { store, names, leases, life } = this.#init;
		const own = names.session(secret, userId);
		const connection = this.#newConnection();
		for (;;) {
			const found = await store.last(own.session);
			if (found === undefined || found.data.length === 0) return undefined;
			const known: StoredSession = JSON.parse(found.data.toString());
			if (known.life !== life()) return undefined;
			const open = { names: own, id: known.id, connection, sequence: found.sequence };
			const sequence = await this.#put(open, false, found.sequence);
			// Another process continued or ended it at the same time.
			if (sequence === undefined) continue;
			this.#keep(secret, { ...open, sequence });
			if (!known.isSuspended && known.process !== leases.process) this.#tellTaken(known);
			return { secret, id: known.id };
		}
	}

	async suspend(secret: string): Promise<void> {
		const open = this.#open.get(secret);
		if (open === undefined) return;
		this.#forget(secret);
		try {
			await this.#write(open, true);
		} catch (error) {
			// The session ends later, by its lifetime.
			if (!isOutage(error)) throw error;
		}
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

	async claim(secret: string, message: number): Promise<Claim> {
		const open = this.#open.get(secret);
		if (open === undefined) {
			throw new RealtimeError({ code: 'UNCERTAIN', message: 'The session has ended.' });
		}
		return await this.#claims.claim(secret, open.names.claims, message);
	}

	/** The connection of the session may have ended. */
	settle(secret: string, message: number, outcome: string): void {
		this.#claims.settle(secret, message, outcome);
	}

	/** Lets the sessions of open connections live on. */
	async prolong(): Promise<void> {
		const all = [...this.#open.values()];
		for (let start = 0; start < all.length; start += AT_ONCE) {
			const part = all.slice(start, start + AT_ONCE);
			await Promise.all(part.map((open) => this.#write(open, false)));
		}
	}

	/** Writes what an outage left. */
	catchUp(): void {
		this.#claims.catchUp();
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

	#newConnection(): string {
		return `${this.#init.leases.process}.${++this.#connections}`;
	}

	/** Does nothing if another connection continued the session, or this one has suspended it. */
	async #write(open: Open, isSuspended: boolean): Promise<void> {
		for (;;) {
			const sequence = await this.#put(open, isSuspended, open.sequence);
			if (sequence !== undefined) {
				open.sequence = sequence;
				return;
			}
			// A record of before may have been written, although NATS did not answer.
			const found = await this.#init.store.last(open.names.session);
			if (found === undefined || found.data.length === 0) return;
			const known: StoredSession = JSON.parse(found.data.toString());
			if (known.connection !== open.connection || known.isSuspended) return;
			open.sequence = found.sequence;
		}
	}

	async #put(
		{ names, id, connection }: Open,
		isSuspended: boolean,
		after: number | undefined,
	): Promise<number | undefined> {
		const { store, leases, life } = this.#init;
		const { process } = leases;
		const data: StoredSession = { id, process, life: life(), connection, isSuspended };
		return await store.put({
			subject: names.session,
			data: JSON.stringify(data),
			after,
			lifetime: (isSuspended ? CLAIM_LIFETIME : SESSION_LIFETIME) / 1000,
		});
	}

	#tellTaken({ process, connection }: StoredSession): void {
		const { requests, names } = this.#init;
		requests.tell({ subject: names.processes + process, payload: `t${connection}` });
	}

	/** The oldest session of a user without a connection makes room for a new one. */
	async #limit(ofUser: string): Promise<void> {
		const { store } = this.#init;
		let count = 0;
		let oldest: { readonly subject: string; readonly sequence: number } | undefined;
		for await (const { subject, sequence, data } of store.from(ofUser, 1)) {
			if (data.length === 0) continue;
			count++;
			// The oldest first: a suspension is a new record.
			const { isSuspended }: StoredSession = JSON.parse(data.toString());
			if (isSuspended) oldest ??= { subject, sequence };
		}
		if (count <= MAX_SESSIONS || oldest === undefined) return;
		const { subject, sequence } = oldest;
		await store.put({ subject, data: '', after: sequence, lifetime: 1 });
	}
}
