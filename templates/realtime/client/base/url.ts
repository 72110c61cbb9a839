interface Page {
	/** `Location`, which is written as its `href`. */
	readonly location?: URL;
}

/** The URL of a WebSocket, relative to the page if there is one. */
export function resolveUrl(url: string | URL): URL {
	const resolved = new URL(url, (globalThis as Page).location);
	// `https:` becomes `wss:`.
	resolved.protocol = resolved.protocol.replace('http', 'ws');
	return resolved;
}
