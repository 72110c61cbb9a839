import { env } from 'cloudflare:workers';
import type { APIRoute } from 'astro';

/** workerd's module for tests. A Worker has it with the flag `unsafe_module`. */
interface Unsafe {
	evict(object: DurableObjectStub, options: { webSockets: string }): Promise<void>;
}

/** The binding that the adapter adds, which `wrangler types` does not know. */
interface Bindings {
	readonly ZASTRO_REALTIME: DurableObjectNamespace;
}

/** The time in which an idle object is evicted, in milliseconds. */
const IDLE_AFTER = 200;

/** Evicts an object of channels from memory. */
export const POST: APIRoute = async ({ request, locals }) => {
	const { name, webSockets }: { name: string; webSockets: string } = await request.json();
	// The bundler must not look for it.
	const module = 'workerd:unsafe';
	const { default: unsafe }: { default: Unsafe } = await import(/* @vite-ignore */ module);
	const { ZASTRO_REALTIME } = env as unknown as Bindings;
	const eviction = unsafe
		.evict(ZASTRO_REALTIME.getByName(name), { webSockets })
		.catch((error: unknown) => {
			if (!String(error).includes('not currently running')) throw error;
		});
	locals.cfContext.waitUntil(eviction);
	// A busy object goes when it is idle: a case may wait for what keeps it busy.
	await Promise.race([eviction, new Promise((resolve) => setTimeout(resolve, IDLE_AFTER))]);
	return new Response(null, { status: 204 });
};
