/** From this length on four bytes at a time are worth a view of them. */
const WORDS_FROM = 128;

/**
 * Takes the mask off a payload in place (RFC 6455 section 5.3).
 *
 * @param mask Its four bytes, the first one lowest.
 * @returns Whether all of it is ASCII.
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
