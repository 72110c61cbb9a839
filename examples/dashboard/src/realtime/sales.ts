import { defineChannel } from 'zastro:realtime';
import { z } from 'astro/zod';

/** Whoever sees the page may read. Only the server publishes: there are no `messages`. */
export default defineChannel({
	authorize: 'anyone',
	events: {
		sold: z.object({
			show: z.string().min(1).max(60),
			tickets: z.number().int().min(1).max(20),
			euros: z.number().min(0),
		}),
		totals: z.object({
			tickets: z.number(),
			euros: z.number(),
			byShow: z.record(z.string(), z.number()),
		}),
	},
	history: { size: 500, ttl: 30 * 24 * 3600 },
});
