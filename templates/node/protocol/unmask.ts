/** The minimum length at which a view of 32-bit words pays off. */
const WORDS_FROM = 128;

/**
 * Unmasks a payload in place (RFC 6455 section 5.3).
 *
 * @param mask The four bytes of the mask as a little-endian number.
 * @returns Whether the payload is ASCII.
 */
export function unmask(bytes: Buffer, start: number, end: number, mask: number): boolean {
	let seen = 0;
	let index = start;
	if (end - start >= WORDS_FROM) {
		while (((bytes.byteOffset + index) & 3) !== 0) {
			seen |= bytes[index] = at(bytes, index) ^ (mask & 0xff);
			mask = (mask >>> 8) | (mask << 24);
			index += 1;
		}
		const words = new Int32Array(bytes.buffer, bytes.byteOffset + index, (end - index) >> 2);
		let seenWords = 0;
		for (let word = 0; word < words.length; word++) {
			seenWords |= words[word] = (words[word] as number) ^ mask;
		}
		index += words.length * 4;
		if ((seenWords & 0x80808080) !== 0) seen = 0x80;
	}
	for (; index < end; index++) {
		seen |= bytes[index] = at(bytes, index) ^ (mask & 0xff);
		mask = (mask >>> 8) | (mask << 24);
	}
	return seen < 0x80;
}

function at(bytes: Buffer, index: number): number {
	return bytes[index] as number;
}
