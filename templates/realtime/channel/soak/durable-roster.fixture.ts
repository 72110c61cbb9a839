import { MemoryRoster } from '../../memory/memory-roster.ts';
import type { Claim } from '../ports.ts';

/** A roster whose claims survive the death of the process that holds them. */
export class DurableRoster extends MemoryRoster {
	readonly #running = new Map<string, number>();
	#generation = 0;

	override async claim(secret: string, message: number): Promise<Claim> {
		const claim = await super.claim(secret, message);
		const key = `${secret} ${message}`;
		if (claim.state === 'claimed') this.#running.set(key, this.#generation);
		if (claim.state !== 'running' || this.#running.get(key) === this.#generation) return claim;
		return { state: 'running', outcome: Promise.resolve(undefined) };
	}

	override async settle(secret: string, message: number, outcome: string): Promise<void> {
		// A dead process settles nothing.
		const key = `${secret} ${message}`;
		if (this.#running.get(key) !== this.#generation) return;
		this.#running.delete(key);
		await super.settle(secret, message, outcome);
	}

	killProcess(): void {
		this.#generation++;
	}
}
