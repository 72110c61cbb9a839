import type { APIRoute } from 'astro';

export const GET: APIRoute = ({ locals, url }) => {
	const protocol = url.searchParams.get('choose') ?? undefined;
	try {
		const { socket, response } = locals.upgradeWebSocket({ protocol });
		socket.addEventListener('open', () => socket.send(`protocol: ${socket.protocol}`));
		return response;
	} catch (error) {
		return new Response(String(error), { status: 409 });
	}
};
