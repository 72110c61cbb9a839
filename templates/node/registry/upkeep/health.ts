import { afterReading } from '../../process/after-reading.ts';
import { now } from '../../process/clock.ts';
import type { Entry, Health, OpenEntry } from '../connections/entry.ts';
import { EntryView } from '../connections/entry-view.ts';
import type { HealthCheck, ManagerEvents } from './manager-events.ts';
import { Rotation } from './rotation.ts';

/** The totals of health monitoring. */
export interface HealthCounts {
	/** Answered pings, and pings without an answer before the next one. */
	readonly answered: number;
	readonly missed: number;
	/** Connections terminated for missed pings. */
	readonly terminated: number;
}

/** The settings of health monitoring. */
export interface HealthSettings {
	/** Milliseconds between the pings to each connection. */
	readonly interval: number;
	/** Unanswered pings in a row after which a connection is terminated. */
	readonly maxMissedPings: number;
}

/** Bytes in the payload of a ping, repeated by the pong (RFC 6455 section 5.5.3). */
const TOKEN_BYTES = 4;
const MAX_TOKEN = 2 ** 31 - 1;

/**
 * Measures the latency of each connection with pings, and terminates silent ones. Only a pong
 * counts here, while the heartbeat accepts any received bytes.
 */
export class HealthMonitor {
	readonly #events: ManagerEvents;
	readonly #clock: () => number;
	#rotation: Rotation<OpenEntry> | undefined;
	#tokens = 0;
	#answered = 0;
	#missed = 0;
	#terminated = 0;

	constructor(events: ManagerEvents, clock: () => number = now) {
		this.#events = events;
		this.#clock = clock;
	}

	get counts(): HealthCounts {
		return { answered: this.#answered, missed: this.#missed, terminated: this.#terminated };
	}

	/** Starts to watch these connections, and those added later. */
	start(settings: HealthSettings, entries: Iterable<OpenEntry>): void {
		this.stop();
		const { interval } = settings;
		this.#rotation = new Rotation(interval, (entry) => this.#visit(entry, settings), this.#clock);
		for (const entry of entries) this.#rotation.add(entry);
	}

	stop(): void {
		this.#rotation?.stop();
		this.#rotation = undefined;
	}

	add(entry: OpenEntry): void {
		this.#rotation?.add(entry);
	}

	/** Removes an ended connection. */
	delete(entry: OpenEntry): void {
		this.#rotation?.delete(entry);
		if (entry.health !== undefined) endCheck(entry.health, undefined);
	}

	/** Pings the due connections. A timer calls it as well. */
	look(): void {
		this.#rotation?.look();
	}

	/**
	 * Pings a connection, unless a ping is pending.
	 *
	 * @returns The latency in milliseconds, `undefined` without an answer within `timeout`.
	 */
	async check(entry: OpenEntry, timeout: number): Promise<number | undefined> {
		const health = healthOf(entry);
		if (health.token === 0) this.#ping(entry, health);
		const { token } = health;
		let timer: NodeJS.Timeout | undefined;
		const roundTrip = await new Promise<number | undefined>((resolve) => {
			health.waiting ??= [];
			health.waiting.push(resolve);
			const giveUp = (): void => {
				// The next check sends a new ping, unless the rotation still waits for this one.
				if (this.#rotation === undefined && health.token === token) endCheck(health, undefined);
				resolve(undefined);
			};
			timer = setTimeout(() => afterReading(giveUp), timeout).unref();
		});
		clearTimeout(timer);
		return roundTrip;
	}

	/** Handles a pong, which may be unsolicited (RFC 6455 section 5.5.3). */
	answered(entry: Entry, payload: Buffer): void {
		const { health } = entry;
		if (health === undefined || payload.byteLength !== TOKEN_BYTES) return;
		if (health.token === 0 || health.token !== payload.readUInt32BE(0)) return;
		health.missedPings = 0;
		health.roundTrip = this.#clock() - health.sentAt;
		this.#answered++;
		endCheck(health, health.roundTrip);
		this.#emit(entry, health);
	}

	#visit(entry: OpenEntry, { interval, maxMissedPings }: HealthSettings): void {
		// A paused connection does not read pongs.
		if (entry.isPaused) return;
		const health = healthOf(entry);
		if (health.token !== 0) {
			health.missedPings++;
			this.#missed++;
			endCheck(health, undefined);
			this.#emit(entry, health, noAnswer(interval));
			if (health.missedPings >= maxMissedPings) {
				this.#terminated++;
				entry.terminate();
				return;
			}
		}
		this.#ping(entry, health);
	}

	#ping(entry: OpenEntry, health: Health): void {
		this.#tokens = (this.#tokens % MAX_TOKEN) + 1;
		health.token = this.#tokens;
		health.sentAt = this.#clock();
		const payload = Buffer.allocUnsafe(TOKEN_BYTES);
		payload.writeUInt32BE(health.token);
		entry.ping(payload);
	}

	#emit(entry: Entry, { roundTrip, missedPings }: Health, error?: string): void {
		this.#events.emit(
			'connection:health',
			() => {
				const { id } = entry;
				// Only open connections are pinged.
				const connection = new EntryView(entry as OpenEntry);
				const measured = error === undefined ? roundTrip : undefined;
				return [id, { ...healthCheck(id, measured, error), connection, missedPings }];
			},
			entry.subject,
		);
	}
}

/** The result of a ping. Healthy unless there is an error. */
export function healthCheck(
	id: string,
	roundTrip: number | undefined,
	error: string | undefined,
): HealthCheck {
	return { id, healthy: error === undefined, error, roundTrip };
}

/** The error of an unanswered ping. */
export function noAnswer(milliseconds: number): string {
	return `The client did not answer a ping within ${milliseconds} ms`;
}

function healthOf(entry: Entry): Health {
	entry.health ??= {
		roundTrip: undefined,
		missedPings: 0,
		token: 0,
		sentAt: 0,
		waiting: undefined,
	};
	return entry.health;
}

/** Ends the pending ping. */
function endCheck(health: Health, roundTrip: number | undefined): void {
	const { waiting } = health;
	health.token = 0;
	health.waiting = undefined;
	for (const settle of waiting ?? []) settle(roundTrip);
}
