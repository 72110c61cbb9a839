import { PAGE_BYTES, PAGE_SIZE } from './limits.ts';
import type { NewEntry } from './ports.ts';

/** The room for entries in what a log gives: a number of them, or a page. */
export class PageRoom {
	#entries: number;
	#bytes: number;
	#isEmpty = true;

	/** @param limit Undefined for a page. */
	constructor(limit: number | undefined) {
		this.#entries = limit ?? PAGE_SIZE;
		this.#bytes = limit === undefined ? PAGE_BYTES : Number.POSITIVE_INFINITY;
	}

	/** Whether the next entry fits, which takes its place then. The first one of a page always does. */
	take({ data }: Pick<NewEntry, 'data'>): boolean {
		this.#entries--;
		this.#bytes -= data?.length ?? 0;
		const fits = this.#entries >= 0 && (this.#bytes >= 0 || this.#isEmpty);
		this.#isEmpty = false;
		return fits;
	}
}
