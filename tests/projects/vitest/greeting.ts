// A channel that uses a binding of the site and a module of Astro.

import { getEntry } from 'astro:content';
import { env } from 'cloudflare:workers';
import { defineChannel } from 'zastro:realtime';

Object.assign(globalThis, { isGreetingLoaded: true });

export default defineChannel({
	authorize: 'anyone',
	messages: {
		greet: { handler: async (): Promise<string> => `${env.GREETING} ${await getEntry()}` },
	},
});
