import { now } from '../shared/clock.ts';
import { ConnectionView, type OpenSlot } from './managed-connection.ts';
import type { ManagerEvents } from './manager-events.ts';
import { Rotation } from './rotation.ts';
import type { Slot } from './slot.ts';

/** What is known of a connection's health. */
export interface Health {
	/** Milliseconds that the last answered ping took. */
	roundTrip: number | undefined;
	/** Pings of the rotation in a row that were not answered. */
	missedPings: number;
	/** The ping that is under way. */
	ping: Ping | undefined;
}

interface Ping {
	readonly token: number;
	readonly sentAt: number;
	/** Who waits for the answer. */
	readonly waiting: ((roundTrip: number | undefined) => void)[];
}

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
const MAX_TOKEN = 2 ** 32;

/**
 * Measures by pings how long each connection takes to answer, and terminates those that do not. The
 * heartbeat takes any bytes for a sign of life; here only the answer counts.
 */
export class HealthMonitor {
	readonly #events: ManagerEvents;
	readonly #clock: () => number;
	#rotation: Rotation<OpenSlot> | undefined;
	#maxMissedPings = 0;
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
		this.#maxMissedPings = settings.maxMissedPings;
		this.#rotation = new Rotation(settings.interval, (slot) => this.#turn(slot), this.#clock);
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
		const ping = slot.health?.ping;
		if (slot.health !== undefined) slot.health.ping = undefined;
		for (const tell of ping?.waiting ?? []) tell(undefined);
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
		const { waiting } = health.ping ?? this.#ping(slot, health);
		let timer: NodeJS.Timeout | undefined;
		const roundTrip = await new Promise<number | undefined>((resolve) => {
			waiting.push(resolve);
			timer = setTimeout(() => {
				// So that whoever asks next does not wait for this one.
				if (this.#rotation === undefined && health.ping?.waiting === waiting) {
					health.ping = undefined;
				}
				resolve(undefined);
			}, timeout).unref();
		});
		clearTimeout(timer);
		return roundTrip;
	}

	/** A pong came in. Nobody asked for some of them (RFC 6455 section 5.5.3). */
	answered(slot: Slot, payload: Buffer): void {
		const { health } = slot;
		if (health === undefined || payload.byteLength !== TOKEN_BYTES) return;
		const { ping } = health;
		if (ping?.token !== payload.readUInt32BE(0)) return;
		health.ping = undefined;
		health.missedPings = 0;
		health.roundTrip = this.#clock() - ping.sentAt;
		this.#answered++;
		for (const tell of ping.waiting) tell(health.roundTrip);
		this.#tell(slot, health, true);
	}

	#turn(slot: OpenSlot): void {
		// What we ourselves do not read we cannot miss.
		if (slot.isPaused) return;
		const health = healthOf(slot);
		if (health.ping !== undefined) {
			const { waiting } = health.ping;
			health.missedPings++;
			this.#missed++;
			for (const tell of waiting) tell(undefined);
			this.#tell(slot, health, false);
			if (health.missedPings >= this.#maxMissedPings) {
				this.#terminated++;
				slot.terminate();
				return;
			}
		}
		this.#ping(slot, health);
	}

	#ping(slot: OpenSlot, health: Health): Ping {
		this.#tokens = (this.#tokens + 1) % MAX_TOKEN;
		const ping = { token: this.#tokens, sentAt: this.#clock(), waiting: [] };
		health.ping = ping;
		const payload = Buffer.allocUnsafe(TOKEN_BYTES);
		payload.writeUInt32BE(ping.token);
		slot.ping(payload);
		return ping;
	}

	#tell(slot: Slot, { roundTrip, missedPings }: Health, isHealthy: boolean): void {
		this.#events.emit('connection:health', () => ({
			// Only those that are open are pinged.
			connection: new ConnectionView(slot as OpenSlot),
			isHealthy,
			roundTrip: isHealthy ? roundTrip : undefined,
			missedPings,
		}));
	}
}

function healthOf(slot: Slot): Health {
	slot.health ??= { roundTrip: undefined, missedPings: 0, ping: undefined };
	return slot.health;
}
