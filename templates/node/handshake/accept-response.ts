/**
 * The response that accepts an upgrade, in a form that passes through Astro's pipeline.
 *
 * `new Response()` rejects the status 101 (Fetch Standard, "initialize a response"), and Astro's
 * copies of responses would lose a subclass. It is therefore a genuine `Response` with overridden
 * properties.
 */
export function createAcceptResponse(init: ConstructorParameters<typeof Headers>[0]): Response {
	const headers = new Headers(init);
	// Astro's `memoryCache` stores a clone, and would reuse it. Every handshake has a unique key (RFC
	// 6455 section 4.1), so neither page views nor later handshakes match. `*` would not work: Astro
	// treats it as no `Vary` at all (`core/cache/memory-provider.js`).
	headers.append('Vary', 'Sec-WebSocket-Key');
	return accepting(headers);
}

function accepting(headers: Headers): Response {
	const response = new Response(null, { headers });
	return Object.defineProperties(response, {
		status: { value: 101, enumerable: true },
		statusText: { value: 'Switching Protocols', enumerable: true },
		ok: { value: false, enumerable: true },
		// A clone of the underlying `Response` would be an empty 200.
		clone: { value: () => accepting(response.headers) },
	});
}
