import { checkUser, type User } from '../define/handling/user.ts';
import type { Site } from '../define/site.ts';
import { PROTOCOL } from '../protocol/constants.ts';
import { type ErrorData, FAILURE } from '../protocol/errors.ts';
import { readOffer, withToken } from './offer.ts';
import { pathSegments } from './plain-path.ts';

/** The part of Astro's `APIContext` that is used here. */
export interface EndpointContext {
	readonly request: Request;
	readonly url: URL;
	readonly locals: object;
}

export interface HandshakeOptions {
	/** Logs an error for the site's operator. */
	report(message: string, error?: unknown): void;
	/** Whether the site's paths end with a slash. */
	readonly hasTrailingSlash: boolean;
}

/** A client that `authenticate` let in. */
export type Handshake =
	/** It speaks {@link PROTOCOL}. */
	| { readonly kind: 'protocol'; readonly user: User | undefined }
	/** It speaks a version that this server does not know. */
	| { readonly kind: 'unknown version'; readonly protocol: string }
	/** It names a channel in its path. */
	| {
			readonly kind: 'plain';
			readonly segments: readonly string[];
			readonly user: User | undefined;
	  };

/**
 * Reads a request to the realtime endpoint.
 *
 * @returns the response to a request that is refused.
 */
export async function readHandshake(
	context: EndpointContext,
	site: Site | undefined,
	{ report, hasTrailingSlash }: HandshakeOptions,
): Promise<Handshake | Response> {
	if (!isUpgradeRequest(context.locals)) return noUpgrade();
	if (site === undefined) {
		return text(
			503,
			'The channels are not loaded. If they have errors, the log of the server has them.',
		);
	}
	const { protocol, token } = readOffer(context.request.headers.get('sec-websocket-protocol'));
	if (token === null) return text(400, 'The subprotocol with the token is malformed.');
	if (protocol !== undefined && protocol !== PROTOCOL) return { kind: 'unknown version', protocol };
	// Astro has decoded the path of `context.url` already.
	const { pathname } = new URL(context.request.url);
	const segments = protocol === undefined ? pathSegments(pathname, hasTrailingSlash) : [];
	if (segments === undefined) {
		return text(
			400,
			`Name a channel in the path, or offer the subprotocol ${PROTOCOL}. Values in the path must not be empty, \`.\` or \`..\`, nor hold a slash.`,
		);
	}
	let user: User | undefined;
	try {
		const given = await site.authenticate?.(
			token === undefined ? context : withToken(context, token),
		);
		if (isResponse(given)) return given;
		user = checkUser(given);
	} catch (error) {
		report('`authenticate` of `src/realtime/_middleware` failed', error);
		return text(500, FAILURE.message);
	}
	return protocol === undefined ? { kind: 'plain', segments, user } : { kind: 'protocol', user };
}

/** The answer to a plain client that cannot join. RFC 9110 section 10.2.3 has the header. */
export function refusePlain({ code, message, retryAfter }: ErrorData): Response {
	if (retryAfter === undefined) return text(code === 'NOT_FOUND' ? 404 : 403, message);
	return text(503, message, { 'Retry-After': `${Math.ceil(retryAfter / 1000)}` });
}

function isUpgradeRequest(locals: object): boolean {
	return Reflect.get(locals, 'isUpgradeRequest') === true;
}

/** RFC 9110 section 15.5.22. */
function noUpgrade(): Response {
	return text(426, 'This is the endpoint of realtime channels. Connect with a WebSocket.', {
		Connection: 'Upgrade',
		Upgrade: 'websocket',
	});
}

function text(status: number, message: string, headers: Record<string, string> = {}): Response {
	return new Response(`${message}\n`, {
		status,
		headers: { 'Cache-Control': 'no-store', ...headers },
	});
}

/** Also a Response of another realm, as those of polyfills. */
function isResponse(value: unknown): value is Response {
	return value instanceof Response || Object.prototype.toString.call(value) === '[object Response]';
}
