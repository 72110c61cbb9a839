import type { Host } from '../../../realtime/channel/ports.ts';
import { BURIAL, LEASE, RENEWAL } from '../../engine/limits.ts';
import { now } from '../../process/clock.ts';
import type { Commands } from '../connection/commands.ts';
import type { Keys } from '../connection/keys.ts';
import { RENEW } from '../scripts/lease.ts';

/** A lease, as this process sees it. */
interface Lease {
	/** Changes with each renewal. */
	readonly score: string;
	/** Since when it has been seen like that, by the clock of this process. */
	readonly since: number;
}

/** The length of a process's id, of `a-z0-9`. */
const ID_LENGTH = 12;

/** Ids of before that a process knows as its own. */
const MAX_EARLIER = 16;

/** What a renewal found. */
export interface Renewal {
	/** Whether the lease had ended: others may have removed the members of this process. */
	readonly isLost: boolean;
	/** Processes whose members have to be removed. */
	readonly dead: readonly string[];
}

/**
 * The leases of all processes of the site. A process renews its own, by the clock of Redis. If it
 * does not, because it ended or was stopped, the others remove its members.
 */
export class Leases {
	readonly #commands: Pick<Commands, 'run'>;
	readonly #keys: Keys;
	readonly #host: Pick<Host, 'now' | 'random'>;
	readonly #clock: () => number;
	#process: string;
	#earlier: readonly string[] = [];
	#isNew = true;
	/** The leases of all processes, as of the last renewal. */
	#leases: ReadonlyMap<string, Lease> = new Map();
	#time: number;
	#readAt: number;
	/** When Redis was asked for them. */
	#askedAt = Number.NEGATIVE_INFINITY;

	constructor(init: {
		readonly commands: Pick<Commands, 'run'>;
		readonly keys: Keys;
		readonly host: Pick<Host, 'now' | 'random'>;
		readonly clock?: () => number;
	}) {
		this.#commands = init.commands;
		this.#keys = init.keys;
		this.#host = init.host;
		this.#clock = init.clock ?? now;
		this.#time = init.host.now();
		this.#readAt = this.#clock();
		this.#process = init.host.random(ID_LENGTH);
	}

	/** The id of this process, until its lease ends. */
	get process(): string {
		return this.#process;
	}

	/** Its ids of before, the newest first. Its sessions may have them still. */
	get earlier(): readonly string[] {
		return this.#earlier;
	}

	/** The time of Redis in milliseconds since 1970, as of the last renewal and the clock since then. */
	get time(): number {
		return Math.floor(this.#time + this.#clock() - this.#readAt);
	}

	/** Takes another id: that of before may be dead. */
	begin(): string {
		this.#earlier = [this.#process, ...this.#earlier].slice(0, MAX_EARLIER);
		this.#process = this.#host.random(ID_LENGTH);
		this.#isNew = true;
		return this.#process;
	}

	/**
	 * Renews the lease of this process.
	 *
	 * @param sign A sign of life, which the process gets on its subject.
	 * @throws RealtimeError if Redis does not answer.
	 */
	async renew(sign: string): Promise<Renewal> {
		const { living, dead, processes } = this.#keys;
		const process = this.#process;
		const askedAt = this.#clock();
		// After an outage others could not renew either: their time begins anew.
		const { isCurrent } = this;
		const answer = (await this.#commands.run(
			RENEW,
			[living, dead],
			[process, processes + process, `n${sign}`, ...(isCurrent ? this.#ended() : [])],
		)) as readonly (Buffer | number)[];
		const [had, time, count, ...rest] = answer.map(String);
		const leases = 2 * Number(count);
		this.#time = Number(time);
		this.#readAt = this.#clock();
		this.#askedAt = askedAt;
		const seen = new Map<string, Lease>();
		for (let index = 0; index < leases; index += 2) {
			const [other = '', score = ''] = rest.slice(index, index + 2);
			const known = this.#leases.get(other);
			const isSame = isCurrent && known?.score === score;
			seen.set(other, isSame ? known : { score, since: this.#readAt });
		}
		this.#leases = seen;
		const isLost = had === '0' && !this.#isNew && process === this.#process;
		if (process === this.#process) this.#isNew = false;
		return { isLost, dead: rest.slice(leases) };
	}

	/**
	 * Whether a process renewed its lease lately. Undefined if this process does not know: the other
	 * one has just begun or is long dead, or this one was stopped or cut off.
	 */
	isAlive(process: string): boolean | undefined {
		if (process === this.#process) return true;
		const lease = this.#leases.get(process);
		const now = this.#clock();
		if (lease === undefined || now - this.#readAt > 2 * RENEWAL) return undefined;
		return now - lease.since < LEASE;
	}

	/**
	 * Whether this process knows the leases of now. It does not after it was stopped: others may have
	 * begun since.
	 */
	get isCurrent(): boolean {
		return this.#clock() - this.#askedAt <= 2 * RENEWAL;
	}

	/** Whether a process has members that no one will remove, as of the last renewal. */
	isKnown(process: string): boolean {
		return this.#leases.has(process);
	}

	/** Processes whose leases did not change for long, each with what was seen of it. */
	#ended(): readonly string[] {
		const now = this.#clock();
		return [...this.#leases].flatMap(([process, { score, since }]) =>
			process !== this.#process && now - since >= BURIAL ? [process, score] : [],
		);
	}
}
