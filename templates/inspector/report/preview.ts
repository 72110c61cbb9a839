import { MAX_PREVIEW } from './limits.ts';
import { hideSecrets, hideTokens } from './secrets.ts';

/** Bytes that a preview of binary data shows. */
const MAX_SHOWN_BYTES = 64;

/** The beginning of a text. */
export function cut(text: string, length: number = MAX_PREVIEW): string {
	return text.length > length ? `${text.slice(0, length)}…` : text;
}

/** A preview of a JSON value. */
export function previewOf(value: unknown): string {
	if (value instanceof Uint8Array) return previewOfBytes(value);
	return cut(JSON.stringify(hideSecrets(value)) ?? '');
}

/** A preview of a text, which may be JSON. */
export function previewOfText(text: string): string {
	if (/^\s*[[{]/.test(text)) {
		try {
			return previewOf(JSON.parse(text));
		} catch {
			// A part of JSON may hold a secret, and nothing tells where.
			return cut(hideTokens(hideInPartOfJson(text)));
		}
	}
	return cut(hideTokens(text));
}

/** Text that begins like JSON, without the values of names that look secret. */
function hideInPartOfJson(text: string): string {
	const pair = /"([^"\\]{1,100})"\s*:\s*("(?:[^"\\]|\\.)*"?|-?\d[\w.+-]*)/g;
	return text.replace(pair, (whole, name: string, value: string) => {
		const shown = hideSecrets({ [name]: value }) as Record<string, unknown>;
		return shown[name] === value ? whole : `"${name}":${JSON.stringify(shown[name])}`;
	});
}

/** The first bytes in hexadecimal digits. */
export function previewOfBytes(bytes: Uint8Array): string {
	const shown = [...bytes.subarray(0, MAX_SHOWN_BYTES)].map((byte) =>
		byte.toString(16).padStart(2, '0'),
	);
	return shown.join(' ') + (bytes.length > MAX_SHOWN_BYTES ? ' …' : '');
}
