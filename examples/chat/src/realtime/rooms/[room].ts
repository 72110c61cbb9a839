import { defineChannel } from 'zastro:realtime';
import { z } from 'astro/zod';

export default defineChannel({
	authorize: 'users',
	messages: {
		say: {
			input: z.object({ text: z.string().trim().min(1).max(500) }),
			handler: async ({ text }, { user, channel }) => {
				await channel.publish('said', { by: user.name, text });
			},
		},
	},
	events: { said: z.object({ by: z.string(), text: z.string() }) },
	presence: {
		schema: z.object({ typing: z.boolean() }),
		of: 'user',
		server: ({ user }) => ({ name: user.name }),
	},
	history: { size: 100, ttl: 3600 },
});
