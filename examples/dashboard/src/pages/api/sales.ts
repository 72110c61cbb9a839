import { RealtimeError } from 'zastro:realtime';
import type { APIRoute } from 'astro';
import { sell } from '../../sales.ts';

/** Takes a sale: from the page's button, or from a till with `curl`. A real one asks for a token. */
export const POST: APIRoute = async ({ request }) => {
	try {
		const id = request.headers.get('Idempotency-Key') ?? undefined;
		await sell(await request.json(), id);
		return new Response(null, { status: 204 });
	} catch (error) {
		// The channel's schema has checked the sale.
		if (!(error instanceof RealtimeError && error.isInputError)) throw error;
		return Response.json(error.fields, { status: 400 });
	}
};
