import { defineChannel, socket } from 'zastro:realtime';
import { z } from 'astro/zod';

export default defineChannel('inbox/[user]', {
	// Each user has one inbox, and nobody else gets in.
	authorize: ({ user, params }) => user.id === params.user,
	messages: {
		read: {
			input: z.object({ id: z.string().max(64) }),
			idempotent: true,
			handler: async ({ id }, { user, channel }) => {
				const { messages } = await channel.history();
				const read = messages.find((message) => message.id === id);
				if (read?.event !== 'notified') return;
				// All pages and devices of the user learn of it, also those that are away.
				await channel.publish('read', { id }, { id: `read ${id}` });
				const { from, text } = read.data;
				// This is not kept: a sender who is away misses it.
				if (from !== user.id) await socket.to(from).send({ reader: user.id, text });
			},
		},
	},
	events: {
		notified: z.object({ from: z.string(), text: z.string().max(300) }),
		read: z.object({ id: z.string() }),
	},
	history: { size: 200, ttl: 30 * 24 * 3600 },
});
