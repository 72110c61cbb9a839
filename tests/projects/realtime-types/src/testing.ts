/** The types of channels in tests: uses that TypeScript must accept, and must refuse. */

import type {
	TestChannels,
	TestPage,
	TestServerChannels,
	TestUser,
} from '../templates/realtime/define/api/test-types.ts';

declare const channels: TestChannels;
declare const server: TestServerChannels;
declare const page: TestPage;
declare function as(user: TestUser): void;

export async function accepted(): Promise<void> {
	as({ id: 'ada', name: 'Ada' });
	const room = await channels.rooms({ room: 'lobby' }).join();
	const said: { by: string; text: string } = await room.next('said');
	const bytes: Uint8Array = await room.next('stroke', { timeout: 10 });
	const reason: 'trimmed' | 'restarted' | 'not kept' = (await room.nextGap()).reason;
	const { length }: { length: number } = await room.send('say', { text: said.text });
	for (const event of room.received) {
		if (event.event === 'moved') console.log(event.data.x + length, event.position);
		if (event.event === 'said') console.log(event.data.text.length, bytes, reason);
	}
	const isTyping: boolean | undefined = room.presence.value[0]?.data.typing;
	await channels
		.rooms({ room: 'lobby' })
		.join({ since: { last: 5 }, presence: { typing: isTyping ?? false }, timeout: 10 });
	await channels.teams.rooms({ team: 'red', room: 'lobby' }).join();
	const echo = await channels.echo().join();
	await echo.send('message', { text: 'hi' });
	const answer: unknown = await echo.next('message');
	await server.rooms({ room: 'lobby' }).publish('said', { by: 'system', text: String(answer) });
	const handle = page.channels.rooms({ room: 'lobby' }).join({ onGap: () => {} });
	const sent: { length: number } = await handle.send('say', { text: 'hi' });
	handle.on('said', ({ by }) => console.log(by.length + sent.length));
}

export async function refused(): Promise<void> {
	// @ts-expect-error
	as({ id: 'ada' });
	// @ts-expect-error
	as('ada');
	// @ts-expect-error
	channels.chat();
	// @ts-expect-error
	channels.rooms({ rooms: 'lobby' });
	// @ts-expect-error
	await channels.rooms({ room: 'lobby' }).join({ presence: { typing: 'yes' } });
	const room = await channels.rooms({ room: 'lobby' }).join();
	// @ts-expect-error
	await room.next('sad');
	// @ts-expect-error
	await room.send('say', { words: 'hi' });
	const said = await room.next('said');
	// @ts-expect-error
	console.log(said.words);
	// @ts-expect-error
	await server.rooms({ room: 'lobby' }).publish('said', { by: 1, text: 'hi' });
	// @ts-expect-error
	page.channels.rooms({ room: 'lobby' }).join({});
	// @ts-expect-error
	page.channels.chat();
}
