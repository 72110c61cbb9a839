import type { EndpointContext } from '../server/handshake.ts';

/** What a visitor's browser sends, and what Astro and the site's middleware add to it. */
export interface VisitOptions {
	readonly headers?: Readonly<Record<string, string>> | undefined;
	/** By their names. */
	readonly cookies?: Readonly<Record<string, string>> | undefined;
	/** A token, as that of `createClient({ auth })`. */
	readonly auth?: string | undefined;
	/** What the site's middleware puts into `locals`. */
	readonly locals?: object | undefined;
	/** Further members of Astro's context that `authenticate` reads, for example `session`. */
	readonly context?: object | undefined;
}

/** The part of Astro's cookies that reads. */
interface Cookies {
	get(name: string): { readonly value: string; json(): unknown } | undefined;
	has(name: string): boolean;
}

/** The context of the handshake of a visitor. */
export function contextOf(
	options: VisitOptions,
	url: URL,
	protocols: readonly string[],
): EndpointContext {
	const { headers, cookies = {}, locals, context } = options;
	const sent = new Headers(headers);
	sent.set('sec-websocket-protocol', protocols.join(', '));
	const cookie = cookieHeader(cookies);
	if (cookie !== undefined) sent.set('cookie', cookie);
	const request = new Request(url);
	// A Request of a DOM in Node, such as happy-dom, drops what a page may not set.
	Object.defineProperty(request, 'headers', { value: sent });
	const made: EndpointContext & { readonly cookies: Cookies } = {
		request,
		url,
		cookies: readerOf(cookies),
		locals: { ...locals, isUpgradeRequest: true },
	};
	return Object.assign(made, context);
}

/** The header `Cookie`, undefined without cookies. */
export function cookieHeader(cookies: VisitOptions['cookies'] = {}): string | undefined {
	const pairs = Object.entries(cookies);
	if (pairs.length === 0) return undefined;
	return pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('; ');
}

function readerOf(cookies: Readonly<Record<string, string>>): Cookies {
	const has = (name: string): boolean => Object.hasOwn(cookies, name);
	return {
		has,
		get(name) {
			const value = has(name) ? cookies[name] : undefined;
			return value === undefined ? undefined : { value, json: () => JSON.parse(value) };
		},
	};
}

/** The server refused a handshake. */
export class HandshakeRefused extends Error {
	override readonly name = 'HandshakeRefused';
	readonly status: number;
	readonly response: Response;

	constructor(response: Response, text: string) {
		super(`The handshake was refused with ${response.status}: ${text.trim() || 'no text'}`);
		this.status = response.status;
		this.response = response;
	}

	static async of(response: Response): Promise<HandshakeRefused> {
		return new HandshakeRefused(response, await response.clone().text());
	}
}
