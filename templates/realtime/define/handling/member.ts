import type { ConnectionView } from '../../channel/rules.ts';
import type { Data } from '../../protocol/server-frames.ts';
import { MAX_CONNECTION_DATA_BYTES } from '../api/limits.ts';
import type { HandlerContext } from '../api/runtime.ts';
import { writeJson } from '../data/json.ts';

/** What a connection asks of the definition of its channel. */
export interface ConnectionRules {
	/** Parses and writes an event that is sent. Gives a promise if its schema does. */
	write(event: string, data: unknown): Data | Promise<Data>;
	/** Tells that an event was sent. */
	sent(event: string, data: unknown, connectionId: string): void;
	/** Makes the first data. */
	initial?(): unknown;
}

/** A connection, as a handler sees it. */
export class SiteConnection {
	readonly #view: ConnectionView;
	readonly #rules: ConnectionRules;
	/** A copy, because a change inside of the data cannot be seen. */
	#data: { value: unknown } | undefined;
	#call: HandlerContext | undefined;

	constructor(view: ConnectionView, rules: ConnectionRules) {
		this.#view = view;
		this.#rules = rules;
	}

	get id(): string {
		return this.#view.id;
	}

	get data(): unknown {
		if (this.#data === undefined) {
			const kept = this.#view.data;
			const value = kept === undefined ? this.#rules.initial?.() : copy(kept);
			this.#data = { value };
		}
		return this.#data.value;
	}

	/** @throws TypeError if it is not JSON, RealtimeError if it is larger than 8 KB. */
	set data(value: unknown) {
		write(value);
		this.#data = { value };
	}

	send(event: string, data?: unknown): Promise<void> {
		const work = this.#send(event, data);
		this.#call?.publishing(work);
		return work;
	}

	/** Tells the handler or the hook that has the connection of what is sent to it. */
	static tell(connection: SiteConnection, call: HandlerContext): void {
		connection.#call = call;
	}

	/**
	 * Keeps the data, if the handler has looked at it.
	 *
	 * @throws TypeError if it is not JSON, RealtimeError if it is larger than 8 KB.
	 */
	static save(connection: SiteConnection): void {
		if (connection.#data === undefined) return;
		const text = write(connection.#data.value);
		connection.#view.data = text === undefined ? undefined : JSON.parse(text);
	}

	async #send(event: string, data: unknown): Promise<undefined> {
		this.#view.send(event, await this.#rules.write(event, data));
		this.#rules.sent(event, data, this.id);
	}
}

function write(value: unknown): string | undefined {
	return writeJson(value, {
		what: '`connection.data`',
		limit: MAX_CONNECTION_DATA_BYTES,
		isStrict: true,
	});
}

function copy(value: unknown): unknown {
	return typeof value === 'object' && value !== null ? structuredClone(value) : value;
}
