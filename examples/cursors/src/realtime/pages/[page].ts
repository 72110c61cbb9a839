import { defineChannel } from 'zastro:realtime';
import { z } from 'astro/zod';

/** From 0 to 1, so that windows of any size show the same place. */
const part = z.number().min(0).max(1);

export default defineChannel({
	authorize: 'anyone',
	messages: {
		move: {
			input: z.object({ x: part, y: part }),
			// Not kept, not acknowledged: while one waits, the next one replaces it.
			ephemeral: true,
			handler: async ({ x, y }, { channel, connection }) => {
				await channel.publish('moved', { who: connection.id, x, y }, { except: connection.id });
			},
		},
	},
	events: {
		moved: { schema: z.object({ who: z.string(), x: part, y: part }), ephemeral: true },
	},
	presence: {
		schema: z.object({ name: z.string().max(30), hue: z.number().min(0).max(360) }),
		of: 'connection',
	},
});
