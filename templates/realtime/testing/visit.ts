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

/** Astro's cookies, but for what a response takes of them. */
class Cookies {
	readonly #values: Map<string, string>;

	/** @param header What the browser sent. */
	constructor(header: string | null) {
		const pairs = (header ?? '').split(';').map((pair) => {
			const [name = '', ...value] = pair.split('=');
			return [name.trim(), value.join('=').trim()] as const;
		});
		// Of several with one name the first counts.
		this.#values = new Map(pairs.filter(([name]) => name !== '').reverse());
	}

	get(name: string): Cookie | undefined {
		const sent = this.#values.get(name);
		return sent ? new Cookie(decoded(sent)) : undefined;
	}

	has(name: string): boolean {
		return this.#values.has(name);
	}

	set(name: string, value: unknown): void {
		const text = value instanceof Object ? JSON.stringify(value) : String(value);
		this.#values.set(name, encodeURIComponent(text));
	}

	delete(name: string): void {
		this.#values.delete(name);
	}
}

class Cookie {
	readonly value: string;

	constructor(value: string) {
		this.value = value;
	}

	json(): unknown {
		return JSON.parse(this.value);
	}

	number(): number {
		return Number(this.value);
	}

	boolean(): boolean {
		return !['', '0', 'false'].includes(this.value);
	}
}

/** The context of the handshake of a visitor. */
export function contextOf(
	options: VisitOptions,
	url: URL,
	protocols: readonly string[],
): EndpointContext {
	const { headers, cookies, locals, context } = options;
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
		cookies: new Cookies(sent.get('cookie')),
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

/** A value that is not encoded is as it was sent. */
function decoded(value: string): string {
	try {
		return decodeURIComponent(value);
	} catch {
		return value;
	}
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
