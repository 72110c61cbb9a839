// biome-ignore lint/correctness/noNodejsModules: options are checked where Astro is configured, which is in Node.
import { isIP } from 'node:net';

/**
 * Checks the value of an option.
 *
 * @returns The value in its resolved form.
 */
export type Check<Value> = (value: unknown, fail: Fail) => Value;

/**
 * Throws an error with the expected value of the option.
 *
 * @param of The path of the invalid part, for example `[1]`, unless the whole value is invalid.
 * @param value The invalid part.
 */
export type Fail = (expected: string, of?: string, value?: unknown) => never;

/** Node replaces a longer timeout by one millisecond. */
const MAX_DURATION = 2 ** 31 - 1;

/** A whole number of `of`, at least `least`. */
export function count(of: string, least: number): Check<number> {
	return wholeNumber(of, least, Number.MAX_SAFE_INTEGER, `at least ${least}`);
}

/** A whole number of milliseconds, at least `least`. */
export function duration(least: number): Check<number> {
	return wholeNumber('milliseconds', least, MAX_DURATION, `from ${least} to ${MAX_DURATION}`);
}

function wholeNumber(of: string, least: number, most: number, range: string): Check<number> {
	return (value, fail) => {
		if (
			typeof value !== 'number' ||
			!Number.isSafeInteger(value) ||
			value < least ||
			value > most
		) {
			return fail(`a whole number of ${of}, ${range}`);
		}
		return value;
	};
}

/** One of the given words. */
export function oneOf<Word extends string>(...words: Word[]): Check<Word> {
	return (value, fail) =>
		words.find((word) => word === value) ??
		fail(words.map((word) => JSON.stringify(word)).join(' or '));
}

/** A boolean. */
export const toggle: Check<boolean> = (value, fail) =>
	typeof value === 'boolean' ? value : fail('true or false');

/** The path of a file. */
export const path: Check<string> = (value, fail) =>
	typeof value === 'string' && value !== '' ? value : fail('the path of a file');

/**
 * A list of origins as browsers send them in `Origin`, resolved by {@link originPattern}. An entry
 * that no browser can send would never match, so it is an error.
 */
export const origins: Check<string[]> = (value, fail) => {
	if (!Array.isArray(value)) return fail('an array of origins');
	return value.map(
		(origin: unknown, index) =>
			(typeof origin === 'string' && originPattern(origin)) ||
			fail(
				'an origin such as "https://app.example.com", "https://*.example.com", "capacitor://localhost" or "null"',
				`[${index}]`,
				origin,
			),
	);
};

/** Schemes without pages, and so without origins. */
const NEVER_SENT = /^(?:about|blob|data|ftp|javascript|wss?):/;

/**
 * The wildcards of Astro's `security.allowedDomains`, with the source of a regular expression for
 * the labels they match.
 */
const WILDCARDS: readonly (readonly [prefix: string, labels: string])[] = [
	['**.', '(?:[\\w-]+\\.)+'],
	['*.', '[\\w-]+\\.'],
];

/**
 * The source of a regular expression for the `Origin` headers that match an entry of
 * `allowedOrigins`. Patterns are compiled here so that a Worker does not need the code for it.
 *
 * @returns `undefined` if no browser sends a matching header.
 */
function originPattern(text: string): string | undefined {
	// Sandboxed frames send it, and in some browsers pages of `file:` URLs.
	if (text === 'null') return '^null$';
	if (!URL.canParse(text) || NEVER_SENT.test(text)) return undefined;
	const { protocol, host, href } = new URL(text);
	// `URL.origin` is "null" for the schemes of apps and extensions, but their pages send an origin.
	const origin = `${protocol}//${host}`;
	// The header never has a path, a query or a user name. Only `file:` has no host.
	if (![origin, `${origin}/`].includes(href) || (host === '' && protocol !== 'file:')) {
		return undefined;
	}
	const [prefix = '', labels = ''] = WILDCARDS.find(([start]) => host.startsWith(start)) ?? [];
	const rest = host.slice(prefix.length);
	if (rest.includes('*') || (prefix !== '' && rest === '')) return undefined;
	return `^${escaped(`${protocol}//`)}${labels}${escaped(rest)}$`;
}

/** `RegExp.escape`, available in Node since 24, for the characters of an origin. */
function escaped(text: string): string {
	return text.replace(/[$()+.?[\\\]^{|}]/g, '\\$&');
}

/** A list of IP addresses and CIDR ranges. */
export const proxies: Check<string[]> = (value, fail) => {
	if (!Array.isArray(value)) return fail('an array of IP addresses and CIDR ranges');
	return value.map((proxy: unknown, index) =>
		typeof proxy === 'string' && isAddressOrRange(proxy)
			? proxy
			: fail('an IP address or a CIDR range such as "10.0.0.0/8"', `[${index}]`, proxy),
	);
};

function isAddressOrRange(text: string): boolean {
	const [address = '', prefix, ...rest] = text.split('/');
	const family = isIP(address);
	if (family === 0 || rest.length > 0 || address.includes('%')) return false;
	if (prefix === undefined) return true;
	return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}
