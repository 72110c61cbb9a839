import { now } from '../process/clock.ts';
import { SILENCE } from './limits.ts';

/** The signs that a process sends itself, to know that messages arrive. */
export class SignsOfLife {
	readonly #clock: () => number;
	/** When the signs were sent that did not arrive yet, oldest first. */
	readonly #sent = new Map<string, number>();
	#number = 0;
	#lag: number | null = null;
	#isHeard = false;

	constructor(clock: () => number = now) {
		this.#clock = clock;
	}

	/** Milliseconds that the last sign took. */
	get lag(): number | null {
		return this.#lag;
	}

	/** Whether one arrived over this connection. */
	get isHeard(): boolean {
		return this.#isHeard;
	}

	/** Whether signs do not arrive any more. */
	get isSilent(): boolean {
		for (const sentAt of this.#sent.values()) return this.#clock() - sentAt > SILENCE;
		return false;
	}

	/** The next sign to send. */
	next(): string {
		const sign = String(++this.#number);
		this.#sent.set(sign, this.#clock());
		return sign;
	}

	/** A sign arrived. Those before it are lost. */
	heard(sign: string): void {
		const sentAt = this.#sent.get(sign);
		if (sentAt === undefined) return;
		this.#lag = this.#clock() - sentAt;
		this.#isHeard = true;
		for (const earlier of this.#sent.keys()) {
			this.#sent.delete(earlier);
			if (earlier === sign) break;
		}
	}

	/** A new connection begins. */
	clear(): void {
		this.#sent.clear();
		this.#isHeard = false;
	}
}
