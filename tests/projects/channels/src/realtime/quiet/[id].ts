import { defineChannel } from 'zastro:realtime';
import { shape } from '../../schema';

/** Keeps no messages. */
export default defineChannel({
	authorize: 'users',
	messages: {
		say: {
			input: shape({ text: 'string' }),
			handler: async ({ text }, { user, channel }) => {
				await channel.publish('said', { by: user.id, text });
			},
		},
	},
	events: { said: shape({ by: 'string', text: 'string' }) },
});
