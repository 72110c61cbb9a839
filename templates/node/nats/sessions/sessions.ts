import {
	CLAIM_LIFETIME,
	MAX_SESSIONS,
	SESSION_ID_LENGTH,
} from '../../../realtime/channel/limits.ts';
import { isOutage } from '../../../realtime/channel/outage.ts';
import type { Claim, Host, Session } from '../../../realtime/channel/ports.ts';
import { SESSION_LIFETIME } from '../../engine/limits.ts';
import { type OpenSession, OpenSessions } from '../../engine/open-sessions.ts';
import type { Names, SessionNames } from '../connection/names.ts';
import type { Requests } from '../connection/requests.ts';
import type { Store } from '../connection/store.ts';
import { Claims, type ClaimsInit } from './claims.ts';

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

interface Open extends OpenSession {
	readonly names: SessionNames;
	readonly id: string;
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
	readonly #open: OpenSessions<Open>;

	constructor(init: SessionsInit) {
		this.#init = init;
		this.#claims = new Claims(init);
		this.#open = new OpenSessions(init.leases);
	}

	async open(userId: string | undefined): Promise<Session> {
		const { names, host } = this.#init;
		const session = { secret: host.secret(), id: host.random(SESSION_ID_LENGTH) };
		const own = names.session(session.secret, userId);
		const open = {
			names: own,
			id: session.id,
			connection: this.#open.newConnection(),
			sequence: 0,
		};
		const sequence = await this.#put(open, false, undefined);
		this.#open.keep(session.secret, { ...open, sequence: sequence ?? 0 });
		if (own.ofUser !== undefined) await this.#limit(own.ofUser);
		return session;
	}

	async resume(secret: string, userId: string | undefined): Promise<Session | undefined> {
		const { store, names, leases, life } = this.#init;
		const own = names.session(secret, userId);
		const connection = this.#open.newConnection();
		for (;;) {
			const found = await store.last(own.session);
			if (found === undefined || found.data.length === 0) return undefined;
			const known: StoredSession = JSON.parse(found.data.toString());
			if (known.life !== life()) return undefined;
			const open = { names: own, id: known.id, connection, sequence: found.sequence };
			const sequence = await this.#put(open, false, found.sequence);
			// Another process continued or ended it at the same time.
			if (sequence === undefined) continue;
			this.#open.keep(secret, { ...open, sequence });
			if (!known.isSuspended && known.process !== leases.process) this.#tellTaken(known);
			return { secret, id: known.id };
		}
	}

	async suspend(secret: string): Promise<void> {
		const open = this.#open.end(secret);
		if (open === undefined) return;
		try {
			await this.#write(open, true);
		} catch (error) {
			// The session ends later, by its lifetime.
			if (!isOutage(error)) throw error;
		}
	}

	/** Another process continues the session of a connection: {@link OpenSessions.taken}. */
	taken(connection: string): string | undefined {
		return this.#open.taken(connection);
	}

	async claim(secret: string, message: number): Promise<Claim> {
		const { names } = this.#open.get(secret);
		return await this.#claims.claim(secret, names.claims, message);
	}

	/** The connection of the session may have ended. */
	settle(secret: string, message: number, outcome: string): void {
		this.#claims.settle(secret, message, outcome);
	}

	/** Lets the sessions of open connections live on. */
	async prolong(): Promise<void> {
		const { all } = this.#open;
		for (let start = 0; start < all.length; start += AT_ONCE) {
			const part = all.slice(start, start + AT_ONCE);
			await Promise.all(part.map((open) => this.#write(open, false)));
		}
	}

	/** Writes what an outage left. */
	catchUp(): void {
		this.#claims.catchUp();
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
