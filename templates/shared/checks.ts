// biome-ignore lint/correctness/noNodejsModules: options are checked where Astro is configured, which is in Node.
import { isIP } from 'node:net';

/**
 * Checks the value of an option.
 *
 * @returns It, in the form in which it is used.
 */
export type Check<Value> = (value: unknown, fail: Fail) => Value;

/**
 * Says what the option has to be.
 *
 * @param of The part of it that is wrong, for example `[1]`, where that is not all of it.
 * @param value That part.
 */
export type Fail = (expected: string, of?: string, value?: unknown) => never;

/** Node takes a longer timeout for one of a millisecond. */
const MAX_DURATION = 2 ** 31 - 1;

/** A whole number of something, at least `least`. */
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

/** One of several words. */
export function oneOf<Word extends string>(...words: Word[]): Check<Word> {
	return (value, fail) =>
		words.find((word) => word === value) ??
		fail(words.map((word) => JSON.stringify(word)).join(' or '));
}

/** On or off. */
export const toggle: Check<boolean> = (value, fail) =>
	typeof value === 'boolean' ? value : fail('true or false');

/** A file. */
export const path: Check<string> = (value, fail) =>
	typeof value === 'string' && value !== '' ? value : fail('the path of a file');

/** A list of origins, each as `URL.origin` writes it. */
export const origins: Check<string[]> = (value, fail) => {
	if (!Array.isArray(value)) return fail('an array of origins');
	return value.map((origin: unknown, index) => {
		const url = typeof origin === 'string' && URL.canParse(origin) ? new URL(origin) : undefined;
		// A path, a query or a user name would never match an `Origin` header: better to say so now.
		if (url === undefined || url.origin === 'null' || url.href !== `${url.origin}/`) {
			return fail('an origin such as "https://app.example.com"', `[${index}]`, origin);
		}
		return url.origin;
	});
};

/** A list of IP addresses and of ranges of them in CIDR notation. */
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
