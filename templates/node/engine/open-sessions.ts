import { RealtimeError } from '../../realtime/protocol/errors.ts';

/** A session with a connection to this process. */
export interface OpenSession {
	/** The name of its connection. One that has ended suspends no session that another one continues. */
	readonly connection: string;
}

/** The sessions with a connection to this process, by their secrets. */
export class OpenSessions<Open extends OpenSession> {
	readonly #leases: { readonly process: string };
	readonly #open = new Map<string, Open>();
	/** Their secrets by connection. */
	readonly #secrets = new Map<string, string>();
	#connections = 0;

	constructor(leases: { readonly process: string }) {
		this.#leases = leases;
	}

	get all(): readonly Open[] {
		return [...this.#open.values()];
	}

	/** A name for a connection that no other one of any process has. */
	newConnection(): string {
		return `${this.#leases.process}.${++this.#connections}`;
	}

	/** @throws RealtimeError `UNCERTAIN` if the session has no connection to this process any more. */
	get(secret: string): Open {
		const open = this.#open.get(secret);
		if (open !== undefined) return open;
		throw new RealtimeError({ code: 'UNCERTAIN', message: 'The session has ended.' });
	}

	/** A connection has begun, or continues the session. */
	keep(secret: string, open: Open): void {
		this.end(secret);
		this.#open.set(secret, open);
		this.#secrets.set(open.connection, secret);
	}

	/** The connection has ended. Undefined if the session has none here. */
	end(secret: string): Open | undefined {
		const open = this.#open.get(secret);
		this.#open.delete(secret);
		if (open !== undefined) this.#secrets.delete(open.connection);
		return open;
	}

	/**
	 * Another process continues the session of a connection.
	 *
	 * @returns its secret, undefined if it is of none here, or has come back to another connection since.
	 */
	taken(connection: string): string | undefined {
		const secret = this.#secrets.get(connection);
		if (secret !== undefined) this.end(secret);
		return secret;
	}
}
