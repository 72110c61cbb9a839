import { perProcess } from '../process/per-process.ts';

/** Less than this is no burden beside what every message leaves behind anyway. */
const LARGE = 4 * 1024;

/**
 * Bytes on the heap for each one outside. There is room for 64 MiB of young objects at most, which
 * is as much as full collections are apart: with one for one either might come first.
 */
const FACTOR = 2;

/** Of an element of an array. */
const ELEMENT = 8;

/** Elements of an array that V8 does not have to find a place of its own for. */
const MAX_ELEMENTS = 8 * 1024;

/** What nobody else could look at neither a bundler nor V8 would make. */
const scale: { weight?: unknown } = perProcess('scale', () => ({}));

/**
 * Has the heap feel the weight of bytes that are outside of it.
 *
 * V8 collects young objects, which takes it a millisecond, when the part of the heap where it makes
 * them is full. The bytes of an `ArrayBuffer` are not there. They count for full collections only,
 * of which one is due after every 64 MiB, and each stops the process for more than ten milliseconds.
 * Where young objects have much room, as they do once Astro has started, large messages so lead to
 * full collections alone. With a weight on the heap for each of them the cheap ones come first.
 */
export function addHeapPressure(bytes: number): void {
	if (bytes < LARGE) return;
	for (let left = Math.ceil((bytes * FACTOR) / ELEMENT); left > 0; left -= MAX_ELEMENTS) {
		scale.weight = new Array(Math.min(left, MAX_ELEMENTS));
	}
}

/**
 * Takes the weight away. What is there when young objects are collected outlives that, and what does
 * has V8 give them more room, so that they are collected less often and longer.
 */
export function removeHeapPressure(): void {
	scale.weight = undefined;
}
