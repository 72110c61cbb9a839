import { defineChannel } from 'zastro:realtime';
import { z } from 'astro/zod';

export default defineChannel({
	authorize: 'anyone',
	messages: {
		say: {
			input: z.string(),
			handler: (text, { channel }) => channel.publish('said', text),
		},
		wave: { handler: () => {}, ephemeral: true },
	},
	events: { said: z.string() },
	presence: { schema: z.object({ typing: z.boolean() }), of: 'connection' },
	history: { size: 10 },
});
