import { defineChannel } from 'zastro:realtime';
import { z } from 'astro/zod';

const reminder = z.object({
	id: z.string(),
	/** Milliseconds since 1970. */
	at: z.number(),
	to: z.array(z.string()),
	from: z.string(),
	text: z.string(),
});

/** The reminders that wait. Only the server uses this channel: nobody may join. */
export default defineChannel({
	authorize: () => false,
	events: { added: reminder, waiting: z.array(reminder) },
	history: { size: 500, ttl: 30 * 24 * 3600 },
});
