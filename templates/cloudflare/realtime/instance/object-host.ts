import type { Host, Link } from '../../../realtime/channel/ports.ts';
import type { Frame } from '../../../realtime/protocol/server-frames.ts';
import type { ObjectAlarm } from '../../engine/object-alarm.ts';
import { randomSecret, randomText } from '../base/random.ts';
import { report } from '../base/report.ts';

/** A Durable Object as the host of a channel. */
export class ObjectHost implements Host {
	readonly #waitUntil: (work: Promise<unknown>) => void;
	readonly #alarm: () => ObjectAlarm;
	readonly #isCurrent: () => boolean;

	/**
	 * @param alarm Called for each use, because the alarm reports by this host.
	 * @param isCurrent Whether the instance of the object has no successor.
	 */
	constructor(
		waitUntil: (work: Promise<unknown>) => void,
		alarm: () => ObjectAlarm,
		isCurrent: () => boolean,
	) {
		this.#waitUntil = waitUntil;
		this.#alarm = alarm;
		this.#isCurrent = isCurrent;
	}

	now(): number {
		return Date.now();
	}

	random(length: number): string {
		return randomText(length);
	}

	secret(): string {
		return randomSecret();
	}

	/** The object does not sleep while a timer runs: what waits for one is not forgotten. */
	alarm(milliseconds: number, callback: () => void): () => void {
		const timer = setTimeout(() => {
			if (this.#isCurrent()) callback();
		}, milliseconds);
		return () => clearTimeout(timer);
	}

	wakeAfter(milliseconds: number, callback: () => void): () => void {
		return this.#alarm().wakeAfter(milliseconds, callback);
	}

	broadcast(links: Iterable<Link>, frame: Frame): void {
		for (const link of links) link.send(frame);
	}

	waitUntil(work: Promise<unknown>): void {
		this.#waitUntil(
			work.catch((error: unknown) => this.report('A realtime channel failed', error)),
		);
	}

	readonly report: Host['report'] = report;
}
