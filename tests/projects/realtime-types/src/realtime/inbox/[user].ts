import { defineChannel } from 'zastro:realtime';
import { z } from 'zod-3';

export default defineChannel('inbox/[user]', {
	anonymous: true,
	authorize: async ({ user, params }) => user?.id === params.user,
	messages: {
		read: {
			input: z.object({ until: z.string() }),
			handler: ({ until }, { user }) => ({ until, by: user?.id }),
		},
	},
	events: { invited: z.object({ room: z.string(), at: z.string().optional() }) },
	presence: { server: ({ user }) => ({ isKnown: user !== undefined }) },
});
