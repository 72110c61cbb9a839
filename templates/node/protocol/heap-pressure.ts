import { perProcess } from '../process/per-process.ts';

/** Smaller messages add little to the garbage of every message. */
const LARGE = 4 * 1024;

/**
 * Bytes on the heap for each byte outside of it. The young generation holds at most 64 MiB, and
 * full collections are due every 64 MiB. With a factor of 1, either could come first.
 */
const FACTOR = 2;

/** Bytes of an array element. */
const ELEMENT = 8;

/** The maximum of array elements that V8 does not place in its large object space. */
const MAX_ELEMENTS = 8 * 1024;

/** Reachable from outside, so that neither a bundler nor V8 removes the allocations. */
const scale: { weight?: unknown } = perProcess('scale', () => ({}));

/**
 * Adds pressure to the heap for bytes outside of it.
 *
 * V8 collects young objects when their part of the heap is full, which takes a millisecond. The
 * bytes of an `ArrayBuffer` are outside of the heap and count towards full collections only. A full
 * collection is due after every 64 MiB, and stops the process for more than ten milliseconds.
 *
 * Once Astro has started, the young generation is large. Large messages would then cause full
 * collections only. With an array on the heap for each message, the cheap collections come first.
 */
export function addHeapPressure(bytes: number): void {
	if (bytes < LARGE) return;
	for (let left = Math.ceil((bytes * FACTOR) / ELEMENT); left > 0; left -= MAX_ELEMENTS) {
		scale.weight = new Array(Math.min(left, MAX_ELEMENTS));
	}
}

/**
 * Removes the pressure. An array that is alive during a collection of young objects survives it.
 * Survivors make V8 enlarge the young generation, and its collections rarer and longer.
 */
export function removeHeapPressure(): void {
	scale.weight = undefined;
}
