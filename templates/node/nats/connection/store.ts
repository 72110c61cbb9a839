import { refused, unavailable } from '../../engine/answers.ts';
import { READS_AT_ONCE } from '../../engine/limits.ts';
import { Slots } from '../../engine/slots.ts';
import type { NatsHeaders, NatsMessage } from './client.ts';
import { NatsError } from './errors.ts';
import { READ_AT_ONCE, READ_BYTES } from './limits.ts';
import type { Outgoing, Requests } from './requests.ts';

/** A message in a stream. */
export interface Stored {
	readonly subject: string;
	/** Its place in the stream. */
	readonly sequence: number;
	/** When the server stored it. */
	readonly time: string;
	readonly data: Buffer;
}

/** How a message is stored. */
export interface PutOptions {
	/** The sequence of the newest message of the subject, 0 if there is none. Otherwise it is refused. */
	readonly after?: number | undefined;
	/** Seconds until it is removed. */
	readonly lifetime?: number | undefined;
	/** Whether it removes the earlier messages of its subject. */
	readonly isOnly?: boolean | undefined;
}

export interface NewMessage extends PutOptions {
	readonly subject: string;
	readonly data: string | Uint8Array;
}

export interface StoreInit {
	readonly requests: Pick<Requests, 'ask' | 'askMany'>;
	readonly headers: () => NatsHeaders;
	readonly stream: string;
	/** Whether followers answer reads, too. Their data may be a moment old. */
	readonly hasReplicas: () => boolean;
	/** The stream is gone, or cannot be reached. */
	readonly drop: (reason: Error) => void;
	/** A message was refused, for another reason than that another one came first. */
	readonly refused: (error: Error) => void;
	readonly random: (length: number) => string;
}

/** Errors of JetStream: another message came first. */
const WRONG_LAST: ReadonlySet<number> = new Set([10071, 10164]);
/** Too many batches at the same time. */
const TOO_MANY = /inflight|in flight|too many/i;

interface Answer {
	readonly seq?: number;
	readonly error?: {
		readonly err_code?: number;
		readonly code: number;
		readonly description: string;
	};
}

/** Reads and writes one stream. */
export class Store {
	readonly #init: StoreInit;
	readonly #reads = new Slots(READS_AT_ONCE);

	constructor(init: StoreInit) {
		this.#init = init;
	}

	/**
	 * Stores messages, all or none.
	 *
	 * @returns The sequence of the last one. Undefined if another message came first.
	 * @throws RealtimeError `SERVICE_UNAVAILABLE` if they are not stored, `TIMEOUT` if it is unknown.
	 */
	async put(...messages: readonly NewMessage[]): Promise<number | undefined> {
		const batch = messages.length > 1 ? this.#init.random(16) : undefined;
		const outgoing = messages.map(({ subject, data, ...options }, index): Outgoing => {
			const headers = this.#headers(options);
			if (batch !== undefined) {
				headers.set('Nats-Batch-Id', batch);
				headers.set('Nats-Batch-Sequence', String(index + 1));
				if (index === messages.length - 1) headers.set('Nats-Batch-Commit', '1');
			}
			return { subject, payload: data, headers };
		});
		const { seq, error } = readAnswer(await this.#init.requests.ask(...outgoing), this.#init.drop);
		if (error === undefined && seq !== undefined) return seq;
		const description = error?.description ?? 'no sequence';
		// A server with too many messages says so, too: they are not stored, and nothing came first.
		const isBusy = batch !== undefined && TOO_MANY.test(description);
		if (WRONG_LAST.has(error?.err_code ?? 0) || isBusy) return undefined;
		const refusal = refused(description);
		this.#init.refused(refusal);
		throw refusal;
	}

	/** The newest message of a subject, which may have wildcards. */
	async last(subject: string): Promise<Stored | undefined> {
		const { requests, stream, hasReplicas, drop } = this.#init;
		if (!hasReplicas()) {
			const request = this.#read({ last_by_subj: subject });
			const message = await this.#reads.run(() => requests.ask(request));
			return message === undefined ? lost(drop) : stored(message);
		}
		// The leader answers.
		const question = {
			subject: `$JS.API.STREAM.MSG.GET.${stream}`,
			payload: JSON.stringify({ last_by_subj: subject }),
		};
		const answer = await this.#reads.run(() => requests.ask(question));
		const { message, error } = readAnswer(answer, drop) as Answer & {
			readonly message?: RawMessage;
		};
		if (message !== undefined) return ofRaw(message);
		if (error?.code === 404) return undefined;
		throw refused(error?.description);
	}

	/**
	 * The messages of a subject, which may have wildcards, from a sequence on: the oldest first.
	 *
	 * @param most How many are read at once, at most. More follow while the caller goes on.
	 */
	async *from(
		subject: string,
		sequence: number,
		most: number = READ_AT_ONCE,
	): AsyncGenerator<Stored> {
		const { requests, drop } = this.#init;
		const wanted = { next_by_subj: subject, batch: most, max_bytes: READ_BYTES };
		for (let next = sequence; ; ) {
			const request = this.#read({ ...wanted, seq: Math.max(1, next) });
			const messages = await this.#reads.run(() => requests.askMany(request));
			const end = messages.at(-1)?.headers;
			if (end?.code === 503) lost(drop);
			for (const message of messages.slice(0, -1)) {
				const found = stored(message);
				if (found === undefined) continue;
				yield found;
				next = found.sequence + 1;
			}
			// Without a number of those that follow there is none.
			if (messages.length === 1 || !Number(end?.get('Nats-Num-Pending'))) return;
		}
	}

	/** Removes the messages of a subject before a sequence. */
	async trim(subject: string, sequence: number): Promise<void> {
		await this.#purge({ filter: subject, seq: sequence });
	}

	/** Removes the messages of a subject but the newest ones. */
	async keep(subject: string, count: number): Promise<void> {
		await this.#purge({ filter: subject, keep: count });
	}

	async #purge(request: object): Promise<void> {
		const { requests, stream, drop } = this.#init;
		const answer = await requests.ask({
			subject: `$JS.API.STREAM.PURGE.${stream}`,
			payload: JSON.stringify(request),
		});
		const { error } = readAnswer(answer, drop);
		if (error !== undefined) throw refused(error.description);
	}

	#read(request: object): Outgoing {
		return {
			subject: `$JS.API.DIRECT.GET.${this.#init.stream}`,
			payload: JSON.stringify(request),
		};
	}

	#headers({ after, lifetime, isOnly }: PutOptions): NatsHeaders {
		const headers = this.#init.headers();
		headers.set('Nats-Expected-Stream', this.#init.stream);
		if (after !== undefined) headers.set('Nats-Expected-Last-Subject-Sequence', String(after));
		if (lifetime !== undefined) headers.set('Nats-TTL', `${Math.max(1, Math.ceil(lifetime))}s`);
		if (isOnly) headers.set('Nats-Rollup', 'sub');
		return headers;
	}
}

/** What `STREAM.MSG.GET` answers with. */
interface RawMessage {
	readonly subject: string;
	readonly seq: number;
	readonly time: string;
	readonly data?: string;
}

function ofRaw({ subject, seq, time, data }: RawMessage): Stored {
	return { subject, sequence: seq, time, data: Buffer.from(data ?? '', 'base64') };
}

/** Reads a message that the server sent with its place in the stream. Undefined if there is none. */
export function stored({ data, headers }: NatsMessage): Stored | undefined {
	const sequence = Number(headers?.get('Nats-Sequence'));
	if (headers === undefined || !(sequence > 0)) return undefined;
	return {
		subject: headers.get('Nats-Subject'),
		sequence,
		time: headers.get('Nats-Time-Stamp'),
		data: Buffer.from(data.buffer, data.byteOffset, data.byteLength),
	};
}

function readAnswer(message: NatsMessage | undefined, drop: StoreInit['drop']): Answer {
	return message === undefined ? lost(drop) : JSON.parse(Buffer.from(message.data).toString());
}

/** The next connection makes the stream anew, or waits for the cluster. */
function lost(drop: StoreInit['drop']): never {
	drop(
		new NatsError(
			'NATS_REFUSES',
			'Nobody on NATS answers for the streams of the realtime engine.',
			'They were removed, or their cluster has no leader now. The engine tries again by itself.',
		),
	);
	throw unavailable();
}
