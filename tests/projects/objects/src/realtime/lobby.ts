import { defineChannel } from 'zastro:realtime';
import { z } from 'astro/zod';

export default defineChannel({
	authorize: 'anyone',
	messages: { ping: { handler: () => 'pong' } },
	events: { told: z.string() },
	history: { size: 10 },
});
