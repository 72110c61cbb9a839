import { AUTH_PROTOCOL_PREFIX, PROTOCOL, PROTOCOL_FAMILY } from '../protocol/constants.ts';

/** What a client asks for in its handshake. */
export interface Offer {
	/**
	 * The subprotocol to answer with, undefined for a plain client. It is unknown to this server if
	 * it is not {@link PROTOCOL}.
	 */
	readonly protocol: string | undefined;
	/** The token of `createClient({ auth })`. Null for one that is malformed. */
	readonly token: string | null | undefined;
}

/** @param offered The header `Sec-WebSocket-Protocol`. */
export function readOffer(offered: string | null): Offer {
	const names = (offered ?? '').split(',').map((name) => name.trim());
	const versions = names.filter((name) => name.startsWith(PROTOCOL_FAMILY));
	const auth = names.find((name) => name.startsWith(AUTH_PROTOCOL_PREFIX));
	return {
		protocol: versions.includes(PROTOCOL) ? PROTOCOL : versions[0],
		token: auth === undefined ? undefined : readToken(auth.slice(AUTH_PROTOCOL_PREFIX.length)),
	};
}

const BASE64_URL = /^[\w-]+$/;
/** The characters of a header's value. */
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

function readToken(encoded: string): string | null {
	if (!BASE64_URL.test(encoded)) return null;
	try {
		const token = atob(encoded.replaceAll('-', '+').replaceAll('_', '/'));
		return HEADER_VALUE.test(token) ? token : null;
	} catch {
		return null;
	}
}

/**
 * The context of Astro for `authenticate`, whose request has the token as its `Authorization`. A
 * header of the client itself stays.
 */
export function withToken<Context extends { readonly request: Request }>(
	context: Context,
	token: string,
): Context {
	const headers = new Headers(context.request.headers);
	if (headers.has('authorization')) return context;
	headers.set('authorization', `Bearer ${token}`);
	const request = new Request(context.request.url, { headers });
	return new Proxy(context, {
		get(target, key) {
			if (key === 'request') return request;
			const value: unknown = Reflect.get(target, key);
			// Methods of a class need its private fields.
			return typeof value === 'function' ? value.bind(target) : value;
		},
	});
}
