import { binary, channels, defineChannel } from 'zastro:realtime';
import { z } from 'zod';

export default defineChannel('rooms/[room]', {
	authorize: ({ user, params }) => user.name !== params.room,
	messages: {
		say: {
			input: z.object({ text: z.string().max(500) }),
			handler: async ({ text }, { user, channel, connection, signal, requestId }) => {
				const position: string = await channel.publish('said', { by: user.id, text });
				const moved: undefined = await channel.publish(
					'moved',
					{ x: 1, y: 2 },
					{ except: connection.id },
				);
				await channels.teams.rooms({ team: 'red', room: text }).publish('counted', { count: '1' });
				connection.data.said += 1;
				await connection.send('said', { by: requestId, text: String(signal.aborted) });
				return { length: text.length, at: new Date(), position, moved };
			},
		},
		move: {
			input: z.object({ x: z.number(), y: z.number() }),
			ephemeral: true,
			handler: async (point, { channel }) => {
				await channel.publish('moved', point);
			},
		},
		draw: {
			input: binary({ max: 65_536 }),
			handler: async (bytes, { channel }) => {
				await channel.publish('stroke', bytes);
				return bytes.byteLength;
			},
		},
		count: { handler: () => ({ votes: new Map<string, number>(), voters: [new Set<string>()] }) },
		wave: { idempotent: true, handler: (_data, { user }) => user.name },
	},
	events: {
		said: z.object({ by: z.string(), text: z.string() }),
		moved: { schema: z.object({ x: z.number(), y: z.number() }), ephemeral: true },
		stroke: binary({ max: 65_536 }),
		cleared: z.undefined(),
	},
	presence: {
		schema: z.object({ typing: z.boolean() }),
		of: 'user',
		server: ({ user }) => ({ name: user.name }),
	},
	history: { size: 100, ttl: 300 },
	data: () => ({ said: 0 }),
	onJoin: async ({ user, channel, connection }) => {
		await channel.publish('said', { by: user.id, text: String(connection.data.said) });
	},
});
