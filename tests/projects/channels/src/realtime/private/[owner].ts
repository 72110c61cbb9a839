import { defineChannel, RealtimeError } from 'zastro:realtime';
import { shape } from '../../schema';

export default defineChannel({
	authorize: ({ user, params: { owner } }) => {
		if (owner === 'failing') throw new Error('There is no database.');
		if (owner === 'forbidding') {
			throw new RealtimeError({ code: 'FORBIDDEN', message: 'Your plan has ended.' });
		}
		return user.id === owner;
	},
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
