import type { Host } from '../../../realtime/channel/ports.ts';
import { BURIAL, LEASE, REAPING, RENEWAL } from '../../engine/limits.ts';
import { now } from '../../process/clock.ts';
import { TRACE_LIFETIME } from '../connection/limits.ts';
import type { Names } from '../connection/names.ts';
import type { Store, Stored } from '../connection/store.ts';

/** The length of a process's id, of `a-z0-9`. */
const ID_LENGTH = 12;

/** A process of the site, as its newest record tells. */
interface Known {
	sequence: number;
	/** When it arrived here. */
	at: number;
	isDead: boolean;
}

/** What a process writes of itself: a sign of life, `dead` or `gone`. */
interface Note {
	readonly sign?: string;
	readonly end?: 'dead' | 'gone';
}

export interface LeasesInit {
	readonly store: Pick<Store, 'from' | 'put'>;
	readonly names: Names;
	readonly host: Pick<Host, 'random'>;
	readonly clock?: () => number;
}

/**
 * The leases of all processes of the site. A process renews its own, and all others hear of it. If it
 * does not, because it ended or was stopped, one of them declares it dead and removes its members.
 */
export class Leases {
	readonly #init: LeasesInit;
	readonly #clock: () => number;
	readonly #known = new Map<string, Known>();
	#process: string;
	/** The sequence of the newest record of this process, 0 before the first one. */
	#sequence = 0;
	/** When this process knew of all others last. */
	#listeningSince = Number.POSITIVE_INFINITY;
	#heardAt = Number.NEGATIVE_INFINITY;

	constructor(init: LeasesInit) {
		this.#init = init;
		this.#clock = init.clock ?? now;
		this.#process = init.host.random(ID_LENGTH);
	}

	/** The id of this process, until its lease ends. */
	get process(): string {
		return this.#process;
	}

	/** Takes another id: that of before is dead, or the data is lost. */
	begin(): void {
		this.#process = this.#init.host.random(ID_LENGTH);
		this.#sequence = 0;
	}

	/** The data is of another life: no process is known. */
	clear(): void {
		this.#known.clear();
		this.begin();
	}

	/**
	 * Renews the lease of this process.
	 *
	 * @param sign A sign of life, which this process gets as well.
	 * @returns Whether it still had its lease. Otherwise others may have removed its members.
	 * @throws RealtimeError if NATS does not answer.
	 */
	async renew(sign: string): Promise<boolean> {
		const { store, names } = this.#init;
		const subject = names.leases + this.#process;
		const data = JSON.stringify({ sign } satisfies Note);
		for (;;) {
			const sequence = await store.put({ subject, data, after: this.#sequence });
			if (sequence !== undefined) {
				this.#sequence = sequence;
				return true;
			}
			// An earlier renewal without an answer may have been written.
			const known = this.#known.get(this.#process);
			if (known === undefined || known.isDead || known.sequence <= this.#sequence) return false;
			this.#sequence = known.sequence;
		}
	}

	/** Reads the leases of all processes, after a time without a connection. */
	async read(): Promise<void> {
		const { store, names } = this.#init;
		for await (const lease of store.from(`${names.leases}*`, 1)) this.told(lease);
		const time = this.#clock();
		this.#listeningSince = time;
		// Others may have had no connection either: their time begins anew.
		for (const known of this.#known.values()) if (!known.isDead) known.at = time;
	}

	/**
	 * A lease has arrived.
	 *
	 * @returns The sign of life, if it is of this process.
	 */
	told({
		subject,
		sequence,
		data,
	}: Pick<Stored, 'subject' | 'sequence' | 'data'>): string | undefined {
		const process = subject.slice(this.#init.names.leases.length);
		const { sign, end }: Note = JSON.parse(data.toString());
		const known = this.#known.get(process);
		if (known !== undefined && known.sequence >= sequence) return undefined;
		if (end === 'gone') this.#known.delete(process);
		else this.#known.set(process, { sequence, at: this.#clock(), isDead: end === 'dead' });
		if (process !== this.#process) return undefined;
		this.#heardAt = this.#clock();
		return sign;
	}

	/**
	 * Declares processes dead that did not renew their leases.
	 *
	 * @returns Those whose members this process has to remove.
	 * @throws RealtimeError if NATS does not answer.
	 */
	async bury(): Promise<readonly string[]> {
		const time = this.#clock();
		const reaped: string[] = [];
		// What this process does not hear may be the fault of its own connection.
		if (time - this.#heardAt > 2 * RENEWAL) return reaped;
		for (const [process, known] of this.#known) {
			if (process === this.#process) continue;
			const silence = time - known.at;
			if (known.isDead) {
				// The one that declared it dead has ended, too.
				if (silence > REAPING) reaped.push(process);
			} else if (silence > BURIAL) {
				const sequence = await this.#end(process, 'dead', known.sequence);
				if (sequence !== undefined) reaped.push(process);
			}
		}
		return reaped;
	}

	/** The members of a dead process are removed. */
	async forget(process: string): Promise<void> {
		const known = this.#known.get(process);
		if (known?.isDead) await this.#end(process, 'gone', known.sequence);
	}

	/**
	 * Whether a process renewed its lease lately. Undefined if this process does not know: the other
	 * one has just begun or is long dead, or this one was stopped or cut off.
	 */
	isAlive(process: string): boolean | undefined {
		if (process === this.#process) return true;
		if (!this.isCurrent) return undefined;
		const time = this.#clock();
		const known = this.#known.get(process);
		return known && !known.isDead && time - known.at < LEASE;
	}

	/**
	 * Whether this process knows the leases of now. It does not after it was stopped: others may have
	 * begun since.
	 */
	get isCurrent(): boolean {
		const time = this.#clock();
		return time - this.#heardAt <= 2 * RENEWAL && time >= this.#listeningSince;
	}

	/** Whether a process has members that no one will remove. */
	isKnown(process: string): boolean {
		return process === this.#process || this.#known.has(process);
	}

	async #end(process: string, end: 'dead' | 'gone', after: number): Promise<number | undefined> {
		const { store, names } = this.#init;
		const sequence = await store.put({
			subject: names.leases + process,
			data: JSON.stringify({ end } satisfies Note),
			after,
			lifetime: end === 'gone' ? TRACE_LIFETIME : undefined,
		});
		if (sequence !== undefined) {
			if (end === 'gone') this.#known.delete(process);
			else this.#known.set(process, { sequence, at: this.#clock(), isDead: true });
		}
		return sequence;
	}
}
