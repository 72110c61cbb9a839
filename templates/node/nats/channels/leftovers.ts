import { isOutage } from '../../../realtime/channel/outage.ts';
import { FOUND_AT_ONCE, FOUND_BYTES } from '../connection/limits.ts';
import type { Names } from '../connection/names.ts';
import type { Store, Stored } from '../connection/store.ts';
import type { Tidier } from './tidier.ts';

export interface LeftoversInit {
	readonly store: Pick<Store, 'from' | 'last'>;
	readonly names: Pick<Names, 'allRecords'>;
	readonly tidier: Pick<Tidier, 'found'>;
}

/**
 * Looks once through the records from before the start of this process. Who published them may have
 * ended before they expired, and somebody has to remove them. Other processes do the same: removing
 * twice does nothing.
 */
export class Leftovers {
	readonly #init: LeftoversInit;
	#next = 1;
	/** The sequence of the newest record from before the start. */
	#end: number | undefined;

	constructor(init: LeftoversInit) {
		this.#init = init;
	}

	/** Looks through all of them again. */
	restart(): void {
		this.#next = 1;
		this.#end = undefined;
	}

	/** Looks at some more. What an outage prevents is done the next time. */
	async lookOn(): Promise<void> {
		const { store, names } = this.#init;
		try {
			this.#end ??= (await store.last(names.allRecords))?.sequence ?? 0;
			if (this.#next > this.#end) return;
			let [records, bytes] = [0, 0];
			for await (const record of store.from(names.allRecords, this.#next, FOUND_AT_ONCE)) {
				this.#next = record.sequence + 1;
				this.#look(record);
				records++;
				bytes += record.data.length;
				const isEnough = records >= FOUND_AT_ONCE || bytes >= FOUND_BYTES;
				if (isEnough || this.#next > this.#end) return;
			}
			this.#next = this.#end + 1;
		} catch (error) {
			if (!isOutage(error)) throw error;
		}
	}

	#look(record: Stored): void {
		try {
			this.#init.tidier.found(record);
		} catch {
			// It is of a newer version, which removes it.
		}
	}
}
