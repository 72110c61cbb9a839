import { binary, defineChannel } from 'zastro:realtime';
import { shape } from '../../schema';

export default defineChannel({
	authorize: 'users',
	messages: {
		say: {
			input: shape({ text: 'string' }),
			handler: async ({ text }, { user, channel }) => {
				await channel.publish('said', { by: user.id, text });
				return { length: text.length };
			},
		},
		whisper: {
			input: shape({ text: 'string' }),
			ephemeral: true,
			handler: async ({ text }, { user, channel, connection }) => {
				await channel.publish('whispered', { by: user.id, text }, { except: connection.id });
			},
		},
		draw: {
			input: binary({ max: 1024 }),
			handler: async (bytes, { channel }) => {
				await channel.publish('drawn', bytes);
			},
		},
		tell: {
			handler: async (_nothing, { user, connection }) => {
				await connection.send('whispered', { by: user.id, text: 'for this connection' });
			},
		},
	},
	events: {
		said: shape({ by: 'string', text: 'string' }),
		whispered: { schema: shape({ by: 'string', text: 'string' }), ephemeral: true },
		drawn: binary({ max: 1024 }),
	},
	history: { size: 100, ttl: 300 },
});
