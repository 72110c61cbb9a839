import type { APIRoute } from 'astro';

export const GET: APIRoute = (ctx) => {
	if (ctx.locals.isUpgradeRequest) {
		const { response, socket } = ctx.locals.upgradeWebSocket();

		const env = ctx.locals.runtime?.env;
		const cf = ctx.locals.runtime?.cf;
		const greeting = env.GREETING;
		const country = cf.country;

		socket.onopen = () => socket.send(`${greeting}, from ${typeof country}`);

		return response;
	}

	return new Response('Upgrade required', { status: 426 });
};
