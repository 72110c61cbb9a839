import { defineChannel } from 'zastro:realtime';
import { shape } from '../../schema';

export default defineChannel({
	authorize: ({ user, params }) => user.id === params.owner,
	messages: {
		say: {
			input: shape({ text: 'string' }),
			handler: async ({ text }, { user, channel }) => {
				await channel.publish('said', { by: user.id, text });
			},
		},
	},
	events: { said: shape({ by: 'string', text: 'string' }) },
	history: { size: 100, ttl: 300 },
});
