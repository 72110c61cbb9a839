import { defineChannel } from 'zastro:realtime';
import { shape } from '../../schema';

/** The channel of the soak of faults. Each text is said at most once. */
export default defineChannel({
	authorize: 'users',
	messages: {
		say: {
			input: shape({ text: 'string' }),
			handler: async ({ text }, { channel }) => {
				await channel.publish('said', { text });
				return text;
			},
		},
	},
	events: { said: shape({ text: 'string' }) },
	history: { size: 500, ttl: 300 },
});
