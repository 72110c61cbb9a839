import { defineChannel, RealtimeError } from 'zastro:realtime';
import { z } from 'astro/zod';

const reading = z.object({ celsius: z.number(), isHeating: z.boolean() });
const target = z.object({ celsius: z.number().min(5).max(30) });

export default defineChannel('devices/[device]', {
	// A device joins its own channel alone. Pages join every channel: check your login here.
	anonymous: true,
	authorize: ({ user, params }) => user === undefined || user.id === params.device,
	messages: {
		measured: {
			input: reading,
			// Not kept, not acknowledged: while one waits, the next one replaces it.
			ephemeral: true,
			handler: async (data, { user, channel, connection }) => {
				if (user) await channel.publish('reading', data, { except: connection.id });
			},
		},
		// A plain client gets no history: it asks for the target that was set while it was away.
		ask: {
			idempotent: true,
			handler: async (_, { channel }): Promise<{ celsius: number } | null> => {
				const { messages } = await channel.history({ last: 1 });
				return messages[0]?.data ?? null;
			},
		},
		set: {
			input: target,
			handler: async (data, { user, channel }) => {
				if (user) throw new RealtimeError({ code: 'FORBIDDEN', message: 'A device obeys.' });
				await channel.publish('target', data);
			},
		},
	},
	events: { reading: { schema: reading, ephemeral: true }, target },
	history: { size: 20, ttl: 30 * 24 * 3600 },
});
