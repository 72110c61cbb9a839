import { type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http';
import { NOT_PASSED_ON } from '../../handshake/passed-headers.ts';

/** A header's name and value. */
export type HeaderLine = readonly [name: string, value: string];

/**
 * The headers of a 101: those set on `response`, then those passed to `writeHead()`. The latter
 * replace the former by name, as in Node.
 *
 * @param rest The arguments of `writeHead()` after the status.
 */
export function headerLines(response: ServerResponse, rest: readonly unknown[]): HeaderLine[] {
	const byName = new Map<string, HeaderLine[]>();
	for (const name of response.getHeaderNames()) {
		byName.set(name, toLines(name, response.getHeader(name)));
	}
	const fresh = new Map<string, HeaderLine[]>();
	for (const [name, value] of entries(givenHeaders(rest))) {
		const key = name.toLowerCase();
		fresh.set(key, [...(fresh.get(key) ?? []), ...toLines(name, value)]);
	}
	for (const [key, lines] of fresh) byName.set(key, lines);

	return [...byName].filter(([key]) => !NOT_PASSED_ON.test(key)).flatMap(([, lines]) => lines);
}

/**
 * Makes a response announce that its connection closes (RFC 9112 section 9.6). Node does so only if
 * nothing else sets `Connection`. A client with keep-alive would reuse the connection otherwise.
 *
 * @param rest The arguments of `writeHead()` after the status.
 * @returns The arguments, with `close` in `Connection` if they set it.
 */
export function announceClose(
	response: ServerResponse,
	rest: readonly unknown[],
): readonly unknown[] {
	const present = response.getHeader('connection');
	if (present !== undefined) response.setHeader('connection', withClose(present));
	const given = givenHeaders(rest);
	const pairs = entries(given).map(([name, value]): [string, unknown] => [
		name,
		name.toLowerCase() === 'connection' ? withClose(value) : value,
	]);
	if (pairs.length === 0) return rest;
	const headers = Array.isArray(given) ? pairs.flat() : Object.fromEntries(pairs);
	return typeof rest[0] === 'string' ? [rest[0], headers] : [headers];
}

/** The options of a `Connection` header, with `close`. */
function withClose(value: unknown): string {
	const options = String(value)
		.split(',')
		.map((option) => option.trim())
		.filter((option) => !/^(?:close|keep-alive)?$/i.test(option));
	return [...options, 'close'].join(', ');
}

/** The headers in the arguments of `writeHead()` after the status. */
function givenHeaders(rest: readonly unknown[]): unknown {
	return typeof rest[0] === 'string' ? rest[1] : (rest[0] ?? rest[1]);
}

/**
 * The entries of each form accepted by `writeHead()`: an object, pairs, or alternating names and
 * values.
 */
function entries(headers: unknown): [name: string, value: unknown][] {
	if (!Array.isArray(headers)) {
		return typeof headers === 'object' && headers !== null ? Object.entries(headers) : [];
	}
	if (Array.isArray(headers[0])) return headers.map(([name, value]) => [String(name), value]);
	const pairs: [string, unknown][] = [];
	for (let index = 0; index + 1 < headers.length; index += 2) {
		pairs.push([String(headers[index]), headers[index + 1]]);
	}
	return pairs;
}

function toLines(name: string, value: unknown): HeaderLine[] {
	if (value === undefined) return [];
	validateHeaderName(name);
	const values: unknown[] = Array.isArray(value) ? value : [value];
	return values.map((each) => {
		const text = String(each);
		// A line break would let a value inject headers.
		validateHeaderValue(name, text);
		return [name, text];
	});
}
