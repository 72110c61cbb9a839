import { defineMiddleware } from 'astro:middleware';
import { entry } from './journal';

export const onRequest = defineMiddleware(async (context, next) => {
	switch (context.url.pathname) {
		case '/middleware/unmatched':
		case '/middleware/matched': {
			const { socket, response } = context.locals.upgradeWebSocket();
			socket.addEventListener('message', ({ data }) => socket.send(`middleware: ${data}`));
			return response;
		}
		case '/middleware/prerendered.txt':
			if (!context.locals.isUpgradeRequest) break;
			return context.locals.upgradeWebSocket().response;
		case '/middleware/cloned': {
			const response = await next();
			return response.clone();
		}
		case '/middleware/next-rewrite':
			return next('/echo');
		case '/middleware/header': {
			const response = await next();
			response.headers.set('x-middleware', 'set');
			return response;
		}
		case '/middleware/rebuilt': {
			const response = await next();
			return new Response(response.body, response);
		}
		case '/middleware/slow':
			await entry('nobody-writes-this', 'it');
			return context.locals.upgradeWebSocket().response;
		case '/middleware/refuse':
			return new Response('refused by the middleware', { status: 403 });
	}
	if (!context.request.headers.has('x-set-header')) return next();
	const response = await next();
	response.headers.set('x-middleware', 'set');
	return response;
});
