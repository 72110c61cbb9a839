import { isOutage } from '../channel/outage.ts';
import type { Host, Link } from '../channel/ports.ts';
import type { Clock } from '../client/base/clock.ts';
import type { Frame } from '../protocol/server-frames.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const SECRET_BYTES = 16;

export interface HostServices {
	readonly clock: Clock;
	/** Runs a callback as a part of this site. */
	run(callback: () => void): void;
	report(message: string, error?: unknown): void;
}

/** A process of a tested site. */
export class TestHost implements Host {
	readonly #services: HostServices;
	readonly #alarms = new Set<() => void>();
	#isDead = false;

	constructor(services: HostServices) {
		this.#services = services;
	}

	now(): number {
		return this.#services.clock.now();
	}

	random(length: number): string {
		const values = crypto.getRandomValues(new Uint8Array(length));
		return Array.from(values, (value) => LETTERS[value % LETTERS.length]).join('');
	}

	secret(): string {
		const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
		return btoa(String.fromCharCode(...bytes))
			.replaceAll('+', '-')
			.replaceAll('/', '_')
			.replaceAll('=', '');
	}

	alarm(milliseconds: number, callback: () => void): () => void {
		if (this.#isDead) return () => {};
		const stop = (): void => {
			this.#alarms.delete(stop);
			cancel();
		};
		const cancel = this.#services.clock.after(milliseconds, () => {
			this.#alarms.delete(stop);
			this.#services.run(callback);
		});
		this.#alarms.add(stop);
		return stop;
	}

	wakeAfter(milliseconds: number, callback: () => void): () => void {
		return this.alarm(milliseconds, callback);
	}

	broadcast(links: Iterable<Link>, frame: Frame): void {
		for (const link of links) link.send(frame);
	}

	waitUntil(work: Promise<unknown>): void {
		work.catch((error: unknown) => this.report('A realtime channel failed', error));
	}

	report(message: string, error?: unknown): void {
		// An engine reports an outage once, and not each thing that it prevents.
		if (!this.#isDead && !isOutage(error)) this.#services.report(message, error);
	}

	/** The process ends. */
	die(): void {
		this.#isDead = true;
		for (const stop of [...this.#alarms]) stop();
	}
}
