/** Uses that TypeScript must refuse. */

import { binary, defineChannel, channels as server, socket as serverSocket } from 'zastro:realtime';
import { channels } from 'zastro:realtime/client';
import { z } from 'zod';

const onGap = (): void => {};
const room = channels.rooms({ room: 'lobby' }).join({ presence: { typing: true }, onGap });
const inServer = server.rooms({ room: 'lobby' });

// Names
// @ts-expect-error
room.on('sad', () => {});
// @ts-expect-error
room.send('shout', { text: 'hi' });
// @ts-expect-error
inServer.publish('sad', { by: 'system', text: 'hi' });
// @ts-expect-error
channels.chat();
// @ts-expect-error
channels.teams({ team: 'red' });

// Parameters
// @ts-expect-error
channels.rooms({ rooms: 'lobby' });
// @ts-expect-error
channels.rooms({ room: 1 });
// @ts-expect-error
channels.rooms({ room: 'lobby', team: 'red' });
// @ts-expect-error
channels.inbox();
// @ts-expect-error
channels.echo({ room: 'lobby' });

// Data
// @ts-expect-error
room.send('say', { text: 1 });
// @ts-expect-error
room.send('say');
// @ts-expect-error
room.send('wave', 'data');
// @ts-expect-error
room.send('draw', 'text');
// @ts-expect-error
room.on('said', ({ bye }) => bye);
// @ts-expect-error
inServer.publish('said', { by: 'system' });
// @ts-expect-error
inServer.publish('said');
// @ts-expect-error
server.teams.rooms({ team: 'red', room: 'lobby' }).publish('counted', { count: 4 });
// @ts-expect-error
inServer.publish('said', { by: 'system', text: 'hi' }, { except: 'connection' });
// @ts-expect-error
inServer.publish('moved', { x: 1, y: 2 }, { id: 'once' });
// @ts-expect-error
inServer.snapshot('said', { by: 'system', text: 'hi' });
// @ts-expect-error
inServer.snapshot('said', { by: 'system' }, 'a position');
// @ts-expect-error
inServer.snapshot('moved', { x: 1, y: 2 }, 'a position');
// @ts-expect-error
serverSocket.to([1]).send('hi');

// Join options
// @ts-expect-error
channels.rooms({ room: 'lobby' }).join({ presence: { typing: true } });
// @ts-expect-error
channels.rooms({ room: 'lobby' }).join();
// @ts-expect-error
channels.rooms({ room: 'lobby' }).join({ presence: { typing: 'yes' }, onGap });
// @ts-expect-error
channels.rooms().join({ since: { last: 5 } });

// Presence
// @ts-expect-error
room.presence.update({ typing: 'yes' });
// @ts-expect-error
channels.rooms().join().presence.get();

// Sides
// @ts-expect-error
inServer.join();
// @ts-expect-error
channels.rooms({ room: 'lobby' }).publish('said', { by: 'system', text: 'hi' });

// Definitions
// @ts-expect-error
defineChannel({ events: { said: z.string() } });
// @ts-expect-error
defineChannel({ authorize: 'everyone' });
// @ts-expect-error
defineChannel({ authorize: ({ user }) => user.age > 3 });
// @ts-expect-error
defineChannel({ authorize: ({ params }) => params.rom !== '' });
// @ts-expect-error
defineChannel('rooms/[room]', { authorize: ({ params }) => params.team !== '' });
// @ts-expect-error
defineChannel('rooms/[rom]', { authorize: 'users' });
// @ts-expect-error
defineChannel({ authorize: 'users', event: { said: z.string() } });
// @ts-expect-error
defineChannel({ authorize: 'users', events: { said: 'string' } });
// @ts-expect-error
defineChannel({ authorize: 'users', messages: { say: { input: z.string() } } });
// @ts-expect-error
defineChannel({ authorize: 'users', messages: { say: { input: 3, handler: () => {} } } });
// @ts-expect-error
defineChannel({ authorize: 'users', history: { size: '100' } });
// @ts-expect-error
defineChannel({ authorize: 'users', presence: { of: 'users' } });
// @ts-expect-error
binary({ max: '1' });
defineChannel({
	authorize: 'anyone',
	messages: {
		// @ts-expect-error: a visitor has no user
		say: { handler: (_data, { user }) => user.id },
	},
});
defineChannel({
	authorize: 'users',
	messages: {
		say: {
			input: z.object({ text: z.string() }),
			handler: async ({ text }, { channel, connection }) => {
				// @ts-expect-error
				await channel.publish('said', { txt: text });
				// @ts-expect-error
				connection.data = text;
			},
		},
	},
	events: { said: z.object({ text: z.string() }) },
	data: () => ({ count: 0 }),
});
defineChannel({
	authorize: 'users',
	presence: {
		schema: z.object({ typing: z.boolean() }),
		// @ts-expect-error
		server: ({ user }) => ({ age: user.age }),
	},
});
