import { afterReading } from '../process/after-reading.ts';
import { now } from '../process/clock.ts';
import type { Entry, Health, OpenEntry } from './entry.ts';
import { EntryView } from './entry-view.ts';
import type { HealthCheck, ManagerEvents } from './manager-events.ts';
import { Rotation } from './rotation.ts';

/** What the checks so far have found. */
export interface HealthCounts {
	/** Pings that were answered, and those that were not until the next. */
	readonly answered: number;
	readonly missed: number;
	/** Connections that were terminated for it. */
	readonly terminated: number;
}

/** How connections are watched. */
export interface HealthSettings {
	/** Milliseconds between the pings to each connection. */
	readonly interval: number;
	/** Pings in a row after which a connection is terminated. */
	readonly maxMissedPings: number;
}

/** Bytes of a ping, which its answer repeats (RFC 6455 section 5.5.3). */
const TOKEN_BYTES = 4;
const MAX_TOKEN = 2 ** 31 - 1;

/**
 * Measures by pings how long each connection takes to answer, and terminates those that do not. The
 * heartbeat takes any bytes for a sign of life; here only the answer counts.
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

	/** Watches these from now on, and those that are added. */
	start(settings: HealthSettings, entries: Iterable<OpenEntry>): void {
		this.stop();
		const { interval } = settings;
		this.#rotation = new Rotation(interval, (entry) => this.#turn(entry, settings), this.#clock);
		for (const entry of entries) this.#rotation.add(entry);
	}

	stop(): void {
		this.#rotation?.stop();
		this.#rotation = undefined;
	}

	add(entry: OpenEntry): void {
		this.#rotation?.add(entry);
	}

	/** It has ended. */
	delete(entry: OpenEntry): void {
		this.#rotation?.delete(entry);
		if (entry.health !== undefined) endCheck(entry.health, undefined);
	}

	/** Visits those who are due, which a timer does as well. */
	look(): void {
		this.#rotation?.look();
	}

	/**
	 * Pings a connection, unless a ping is under way already.
	 *
	 * @returns The milliseconds until it was answered, `undefined` if it was not within `timeout`.
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
				// Whoever asks next gets a ping of his own, unless the rotation still waits for this one.
				if (this.#rotation === undefined && health.token === token) endCheck(health, undefined);
				resolve(undefined);
			};
			timer = setTimeout(() => afterReading(giveUp), timeout).unref();
		});
		clearTimeout(timer);
		return roundTrip;
	}

	/** A pong came in. Nobody asked for some of them (RFC 6455 section 5.5.3). */
	answered(entry: Entry, payload: Buffer): void {
		const { health } = entry;
		if (health === undefined || payload.byteLength !== TOKEN_BYTES) return;
		if (health.token === 0 || health.token !== payload.readUInt32BE(0)) return;
		health.missedPings = 0;
		health.roundTrip = this.#clock() - health.sentAt;
		this.#answered++;
		endCheck(health, health.roundTrip);
		this.#tell(entry, health);
	}

	#turn(entry: OpenEntry, { interval, maxMissedPings }: HealthSettings): void {
		// What we ourselves do not read we cannot miss.
		if (entry.isPaused) return;
		const health = healthOf(entry);
		if (health.token !== 0) {
			health.missedPings++;
			this.#missed++;
			endCheck(health, undefined);
			this.#tell(entry, health, noAnswer(interval));
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

	#tell(entry: Entry, { roundTrip, missedPings }: Health, error?: string): void {
		this.#events.emit(
			'connection:health',
			() => {
				const { id } = entry;
				// Only those that are open are pinged.
				const connection = new EntryView(entry as OpenEntry);
				const measured = error === undefined ? roundTrip : undefined;
				return [id, { ...healthCheck(id, measured, error), connection, missedPings }];
			},
			entry.subject,
		);
	}
}

/** The result of a ping, healthy unless there is an error. */
export function healthCheck(
	id: string,
	roundTrip: number | undefined,
	error: string | undefined,
): HealthCheck {
	return { id, healthy: error === undefined, error, roundTrip };
}

/** The error of a ping that was not answered in time. */
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

/** No ping is under way any more. */
function endCheck(health: Health, roundTrip: number | undefined): void {
	const { waiting } = health;
	health.token = 0;
	health.waiting = undefined;
	for (const tell of waiting ?? []) tell(roundTrip);
}
