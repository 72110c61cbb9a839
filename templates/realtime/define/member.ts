import type { ConnectionView, MemberView } from '../channel/rules.ts';
import type { Data } from '../protocol/server-frames.ts';
import { writeJson } from './json.ts';
import { MAX_CONNECTION_DATA_BYTES } from './limits.ts';
import { suggestion } from './names.ts';

/** What a connection asks of the definition of its channel. */
export interface ConnectionRules {
	/** Parses and writes an event that is sent. */
	write(event: string, data: unknown): Promise<Data>;
	/** Tells that an event was sent. */
	sent(event: string, data: unknown): void;
	/** Makes the first data. */
	initial?(): unknown;
}

/** A connection, as a handler sees it. */
export class SiteConnection {
	readonly #view: ConnectionView;
	readonly #rules: ConnectionRules;
	/** A copy, because a change inside of the data cannot be seen. */
	#data: { value: unknown } | undefined;

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

	async send(event: string, data?: unknown): Promise<void> {
		this.#view.send(event, await this.#rules.write(event, data));
		this.#rules.sent(event, data);
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

/** Parameters of which a wrong name is an error, for `astro dev`. */
export function strictParams(params: MemberView['params'], file: string): MemberView['params'] {
	return new Proxy(params, {
		get(target, name) {
			if (typeof name !== 'string' || name in target || name === 'then' || name === 'toJSON') {
				return Reflect.get(target, name);
			}
			throw new TypeError(
				`The channel \`${file}\` has no parameter \`${name}\`. ${suggestion(name, Object.keys(target))}`,
			);
		},
	});
}
