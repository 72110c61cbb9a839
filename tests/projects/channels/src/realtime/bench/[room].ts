import { defineChannel } from 'zastro:realtime';
import { shape } from '../../schema';

/** The channel that is compared with a room of Socket.IO, and with one in a Durable Object. */
export default defineChannel({
	authorize: 'anyone',
	messages: {
		echo: { input: shape({ text: 'string' }), handler: (data) => data },
		say: {
			input: shape({ text: 'string' }),
			handler: async (data, { channel }) => {
				await channel.publish('said', data);
				return data.text.length;
			},
		},
	},
	events: { said: shape({ text: 'string' }) },
	history: { size: 100, ttl: 300 },
});
