/** Uses that TypeScript must accept, with the exact types of what they give. */

import { defineChannel, channels as server, socket as serverSocket } from 'zastro:realtime';
import { channels, RealtimeError, socket } from 'zastro:realtime/client';
import type { Channel, PresenceType, UserOf } from 'zastro-websockets-node/realtime';
import { z } from 'zod';

type Equal<One, Other> =
	(<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;
type Expect<Truth extends true> = Truth;
function expectType<Expected>(): <Actual>(
	value: Actual,
	..._: Equal<Actual, Expected> extends true ? [] : [expected: Expected]
) => void {
	return () => {};
}

const controller: AbortController = new AbortController();

export async function client(): Promise<void> {
	const room = channels.rooms({ room: 'lobby' }).join({
		since: { last: 20 },
		presence: { typing: false },
		onGap: ({ reason, position }) => {
			expectType<'trimmed' | 'restarted' | 'not kept'>()(reason);
			expectType<string>()(position);
		},
		signal: controller.signal,
	});
	const off = room.on(
		'said',
		({ by, text }, { id, at, position, from }) => {
			expectType<string>()(by);
			expectType<string>()(text);
			expectType<string | undefined>()(id);
			expectType<number>()(at);
			expectType<string>()(position);
			expectType<string | undefined>()(from);
		},
		{ signal: controller.signal },
	);
	off();
	room.on('moved', ({ x }, { position }) => {
		expectType<number>()(x);
		expectType<string | undefined>()(position);
	});
	room.on('stroke', (bytes) => expectType<Uint8Array>()(bytes));
	room.on('cleared', (nothing) => expectType<undefined>()(nothing));

	const said = await room.send('say', { text: 'hi' }, { timeout: 1000 });
	// A Date arrives as JSON makes it.
	expectType<{ length: number; at: string; position: string; moved: undefined }>()(said);
	// A Map and a Set arrive empty.
	expectType<{ votes: Record<string, never>; voters: Record<string, never>[] }>()(
		await room.send('count'),
	);
	expectType<string>()(await room.send('wave'));
	expectType<string>()(await room.send('wave', undefined, { signal: controller.signal }));
	expectType<number>()(await room.send('draw', new Uint8Array(3)));
	expectType<void>()(await room.send('move', { x: 1, y: 2 }));

	room.presence.update({ typing: true });
	room.presence.subscribe((members) => {
		for (const { id, user, data, since } of members) {
			expectType<string>()(id);
			expectType<{ id: string; name: string } | undefined>()(user);
			expectType<{ typing: boolean; name: string }>()(data);
			expectType<number>()(since);
		}
	});
	expectType<number>()(room.presence.count.get());
	room.status.listen(({ state, error, retryAt, isOutdated }) => {
		expectType<'connecting' | 'open' | 'waiting' | 'refused' | 'closed'>()(state);
		expectType<RealtimeError | undefined>()(error);
		expectType<number | undefined>()(retryAt);
		expectType<boolean | undefined>()(isOutdated);
	});
	room.leave();

	// A schema that transforms: the server publishes its input, and the client gets its output.
	const team = channels.teams.rooms({ team: 'red', room: 'lobby' }).join();
	team.on('counted', ({ count }) => expectType<number>()(count));
	expectType<number>()(await team.send('count', { count: '3' }));

	const rooms = channels.rooms().join({ onGap: () => {} });
	const renamed = await rooms.send('rename', { from: 'a' });
	expectType<{ from: string; to: string | undefined; by: string | undefined }>()(renamed);

	const inbox = channels.inbox({ user: 'ada' }).join();
	inbox.presence.update(undefined);
	const [first] = inbox.presence.value;
	expectType<boolean | undefined>()(first?.data.isKnown);

	const echo = channels.echo().join();
	await echo.send('message', { text: 'hi' });
	echo.on('message', (data) => expectType<unknown>()(data));
	socket.on('message', (data) => expectType<unknown>()(data));
	try {
		await rooms.send('rename', { from: 'a', to: 'b' });
	} catch (error) {
		if (error instanceof RealtimeError && error.isInputError) console.error(error.fields);
	}
}

export async function page(): Promise<void> {
	const room = server.rooms({ room: 'lobby' });
	const { messages, position } = await room.history({ last: 50 });
	const { gap } = await room.history({ since: position });
	expectType<'trimmed' | 'restarted' | 'not kept' | undefined>()(gap);
	for (const message of messages) {
		expectType<'said' | 'stroke' | 'cleared'>()(message.event);
		expectType<boolean>()(message.isSnapshot);
		if (message.event === 'said') expectType<string>()(message.data.text);
	}
	expectType<string>()(await room.publish('said', { by: 'system', text: 'hi' }, { id: 'once' }));
	expectType<string>()(await room.publish('cleared'));
	expectType<boolean>()(await room.snapshot('stroke', new Uint8Array(), position));
	expectType<boolean>()(await room.snapshot('said', { by: 'system', text: 'all' }, position));
	expectType<undefined>()(await room.publish('moved', { x: 1, y: 2 }, { except: 'connection' }));
	const [member] = await room.members();
	expectType<boolean | undefined>()(member?.data.typing);
	await room.disconnect('ada');
	await server.teams.rooms({ team: 'red', room: 'lobby' }).publish('counted', { count: '4' });
	await server.rooms().publish('opened', { room: 'lobby' });
	await server.echo().publish({ text: 'hi' });
	await serverSocket.to(['ada', 'grace']).send({ event: 'invited', room: 'lobby' });
	await serverSocket.to('ada').send<{ text: string }>({ text: 'hi' });
	expectType<boolean>()(await serverSocket.isOnline('ada'));
}

// Options in any order, with handlers before what they publish.
export const declared = defineChannel({
	messages: {
		say: {
			handler: async ({ text }, { channel, user }) => {
				const [member] = await channel.members();
				expectType<{ typing: boolean } | undefined>()(member?.data);
				await channel.publish('said', { text, by: user.name });
				return undefined;
			},
			input: z.object({ text: z.string() }),
		},
	},
	presence: {
		server: async ({ user }) => ({ name: user.name }),
		schema: z.object({ typing: z.boolean() }),
	},
	onLeave({ channel }) {
		return channel.publish('said', { text: '', by: '' });
	},
	events: { said: z.object({ text: z.string(), by: z.string() }) },
	authorize: ({ user }) => user.name !== '',
});
export const counted = defineChannel({ authorize: 'users', presence: { of: 'connection' } });
type PresenceOf<Defined> =
	Defined extends Channel<infer _, infer __, infer Presence, infer ___> ? Presence : never;
export type Checks = [
	Expect<
		Equal<
			PresenceOf<typeof declared>,
			PresenceType<{ typing: boolean }, { typing: boolean; name: string }>
		>
	>,
	Expect<Equal<PresenceOf<typeof counted>['given'], undefined>>,
];

// What a page may not know yet.
export function later(since: string | undefined, signal: AbortSignal | undefined): void {
	channels.rooms({ room: 'lobby' }).join({ since, signal, presence: { typing: true }, onGap() {} });
	// Without presence data it watches.
	channels
		.rooms({ room: 'lobby' })
		.join({ onGap() {} })
		.presence.get();
	channels.rooms({ room: 'lobby' }).join({ presence: undefined, onGap() {} });
	channels
		.rooms()
		.join({ since, onGap: undefined })
		.on('opened', () => {}, { signal });
	server.rooms({ room: 'lobby' }).publish('cleared', undefined, { id: since });
}

interface Middleware {
	authenticate(): Promise<{ id: string; since: Date; roles?: readonly string[] } | Response | null>;
}
// A user is stored as JSON.
export type StoredUser = Expect<
	Equal<UserOf<Middleware>, { id: string; since: string; roles?: readonly string[] } | undefined>
>;
