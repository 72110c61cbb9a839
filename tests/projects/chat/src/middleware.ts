import { defineMiddleware } from 'astro:middleware';
import { channels } from 'zastro:realtime';

export const onRequest = defineMiddleware(async ({ url }, next) => {
	const room = url.searchParams.get('announce');
	if (room !== null) {
		await channels.rooms({ room }).publish('said', { by: 'a middleware', text: url.pathname });
	}
	return next();
});
