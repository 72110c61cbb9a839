import { defineChannel } from 'zastro:realtime';
import { shape } from '../../../../schema';

export default defineChannel({
	authorize: 'users',
	messages: {
		say: {
			input: shape({ text: 'string' }),
			handler: async ({ text }, { params, channel }) => {
				await channel.publish('said', { by: `${params.team} ${params.room}`, text });
			},
		},
	},
	events: { said: shape({ by: 'string', text: 'string' }) },
	history: { size: 100, ttl: 300 },
});
