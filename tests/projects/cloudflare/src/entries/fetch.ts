/** A Worker that handles Astro's requests itself. */
import { astro, FetchState } from 'astro/fetch';
import { cf } from 'zastro-websockets-cloudflare/fetch';

export { Room } from '../room.ts';

export default {
	async fetch(request, env, context) {
		const state = new FetchState(request);
		return (await cf(state, env, context)) ?? (await astro(state));
	},
} satisfies ExportedHandler<Env>;
