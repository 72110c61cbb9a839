/**
 * The response that accepts an upgrade, in the form in which Astro's pipeline carries it.
 *
 * `new Response()` refuses the status 101 (Fetch Standard, "initialize a response"), and a subclass
 * would be undone where Astro copies responses; so it is a genuine one with properties of its own.
 */
export function createAcceptResponse(init: ConstructorParameters<typeof Headers>[0]): Response {
	const headers = new Headers(init);
	// Astro's `memoryCache` keeps a clone, and would answer with it. Every handshake has a key of its
	// own (RFC 6455 section 4.1), so that neither page views nor later handshakes are answered with
	// it. `*` would not do: Astro takes it for no `Vary` at all (`core/cache/memory-provider.js`).
	headers.append('Vary', 'Sec-WebSocket-Key');
	return accepting(headers);
}

function accepting(headers: Headers): Response {
	const response = new Response(null, { headers });
	return Object.defineProperties(response, {
		status: { value: 101, enumerable: true },
		statusText: { value: 'Switching Protocols', enumerable: true },
		ok: { value: false, enumerable: true },
		// The clone of the `Response` underneath would be an empty 200.
		clone: { value: () => accepting(response.headers) },
	});
}
