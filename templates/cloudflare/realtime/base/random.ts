const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** The bytes from here on would make the first letters more frequent. */
const FAIR_BYTES = 256 - (256 % LETTERS.length);

/** Bytes that are drawn at once: each draw leaves JavaScript, and each message has a tag. */
const pool = new Uint8Array(256);
let next = 0;

/** Random text of a length, from `a-z0-9`. No secret: its bytes wait in memory. */
export function randomText(length: number): string {
	let text = '';
	while (text.length < length) {
		if (next === 0) crypto.getRandomValues(pool);
		const byte = pool[next] ?? 0;
		next = (next + 1) % pool.length;
		if (byte < FAIR_BYTES) text += LETTERS[byte % LETTERS.length];
	}
	return text;
}

/** 128 random bits as base64url. */
export function randomSecret(): string {
	const text = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
	// Two characters of padding follow.
	return text.slice(0, 22).replaceAll('+', '-').replaceAll('/', '_');
}
