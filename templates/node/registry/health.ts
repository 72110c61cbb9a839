import { afterReading } from '../process/after-reading.ts';
import { now } from '../process/clock.ts';
import { ConnectionView, type OpenSlot } from './managed-connection.ts';
import type { HealthCheck, ManagerEvents } from './manager-events.ts';
import { Rotation } from './rotation.ts';
import type { Slot } from './slot.ts';

/** What is known of a connection's health. */
export interface Health {
	/** Milliseconds that the last answered ping took. */
	roundTrip: number | undefined;
	/** Pings of the rotation in a row that were not answered. */
	missedPings: number;
	/** What the ping that is under way has to be answered with, 0 if there is none. */
	token: number;
	sentAt: number;
	/** Who waits for the answer: mostly nobody. */
	waiting: Waiting[] | undefined;
}

/** Told of the milliseconds until the answer, or that there is none. */
type Waiting = (roundTrip: number | undefined) => void;

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
	#rotation: Rotation<OpenSlot> | undefined;
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
	start(settings: HealthSettings, slots: Iterable<OpenSlot>): void {
		this.stop();
		const { interval } = settings;
		this.#rotation = new Rotation(interval, (slot) => this.#turn(slot, settings), this.#clock);
		for (const slot of slots) this.#rotation.add(slot);
	}

	stop(): void {
		this.#rotation?.stop();
		this.#rotation = undefined;
	}

	add(slot: OpenSlot): void {
		this.#rotation?.add(slot);
	}

	/** It has ended. */
	delete(slot: OpenSlot): void {
		this.#rotation?.delete(slot);
		if (slot.health !== undefined) settle(slot.health, undefined);
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
	async check(slot: OpenSlot, timeout: number): Promise<number | undefined> {
		const health = healthOf(slot);
		if (health.token === 0) this.#ping(slot, health);
		const { token } = health;
		let timer: NodeJS.Timeout | undefined;
		const roundTrip = await new Promise<number | undefined>((resolve) => {
			health.waiting ??= [];
			health.waiting.push(resolve);
			const giveUp = (): void => {
				// Whoever asks next gets a ping of his own, unless the rotation still waits for this one.
				if (this.#rotation === undefined && health.token === token) settle(health, undefined);
				resolve(undefined);
			};
			timer = setTimeout(() => afterReading(giveUp), timeout).unref();
		});
		clearTimeout(timer);
		return roundTrip;
	}

	/** A pong came in. Nobody asked for some of them (RFC 6455 section 5.5.3). */
	answered(slot: Slot, payload: Buffer): void {
		const { health } = slot;
		if (health === undefined || payload.byteLength !== TOKEN_BYTES) return;
		if (health.token === 0 || health.token !== payload.readUInt32BE(0)) return;
		health.missedPings = 0;
		health.roundTrip = this.#clock() - health.sentAt;
		this.#answered++;
		settle(health, health.roundTrip);
		this.#tell(slot, health);
	}

	#turn(slot: OpenSlot, { interval, maxMissedPings }: HealthSettings): void {
		// What we ourselves do not read we cannot miss.
		if (slot.isPaused) return;
		const health = healthOf(slot);
		if (health.token !== 0) {
			health.missedPings++;
			this.#missed++;
			settle(health, undefined);
			this.#tell(slot, health, noAnswer(interval));
			if (health.missedPings >= maxMissedPings) {
				this.#terminated++;
				slot.terminate();
				return;
			}
		}
		this.#ping(slot, health);
	}

	#ping(slot: OpenSlot, health: Health): void {
		this.#tokens = (this.#tokens % MAX_TOKEN) + 1;
		health.token = this.#tokens;
		health.sentAt = this.#clock();
		const payload = Buffer.allocUnsafe(TOKEN_BYTES);
		payload.writeUInt32BE(health.token);
		slot.ping(payload);
	}

	#tell(slot: Slot, { roundTrip, missedPings }: Health, error?: string): void {
		this.#events.emit(
			'connection:health',
			() => {
				const { id } = slot;
				// Only those that are open are pinged.
				const connection = new ConnectionView(slot as OpenSlot);
				const measured = error === undefined ? roundTrip : undefined;
				return [id, { ...healthCheck(id, measured, error), connection, missedPings }];
			},
			slot.subject,
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

function healthOf(slot: Slot): Health {
	slot.health ??= { roundTrip: undefined, missedPings: 0, token: 0, sentAt: 0, waiting: undefined };
	return slot.health;
}

/** No ping is under way any more. */
function settle(health: Health, roundTrip: number | undefined): void {
	const { waiting } = health;
	health.token = 0;
	health.waiting = undefined;
	for (const tell of waiting ?? []) tell(roundTrip);
}
