import type { APIRoute } from 'astro';

/** A body larger than a socket's buffer. */
export const GET: APIRoute = () => {
	let left = 32;
	const body = new ReadableStream<Uint8Array>({
		pull(controller) {
			if (left-- === 0) return controller.close();
			controller.enqueue(new Uint8Array(256 * 1024).fill(0x2e));
		},
	});
	return new Response(body, { status: 403 });
};
