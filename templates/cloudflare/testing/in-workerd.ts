// Without this, Node.js would fail at the modules of workerd, and name none of what helps. The
// modules of the kit import those only when a test calls them, so that this one runs first.
if (!('WebSocketPair' in globalThis)) {
	throw new Error(
		'The test kit for Cloudflare runs in workerd, the runtime of Workers, but this test runs in another one. Run it with Vitest, and add `cloudflareTest(realtimeWorker())` to the plugins in its configuration: `cloudflareTest` is from `@cloudflare/vitest-plugin`, `realtimeWorker` from the `/testing/vite` of this package. The documentation has the whole configuration on its page "Testing your site".',
	);
}

export {};
