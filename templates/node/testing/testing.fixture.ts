import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { ChannelHandle } from '../../realtime/define/api/channel-handle.ts';
import { defineChannel } from '../../realtime/define/api/define-channel.ts';
import type {
	TestAddress,
	TestJoinOptions,
	UntypedTestChannels,
	UntypedTestRoom,
	WaitOptions,
} from '../../realtime/define/api/test-types.ts';
import type { UntypedChannels } from '../../realtime/define/handles.ts';
import type { TestClient } from '../../realtime/testing/client.ts';
import type { TestRealtime } from '../../realtime/testing/realtime.ts';
import { type TestRealtimeOptions, testRealtime } from './testing.ts';

interface Context {
	readonly user: { readonly id: string };
	readonly channel: { publish(event: string, data: unknown): Promise<unknown> };
}

/** A schema that takes everything. */
export const anything: unknown = {
	'~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
};

const text = {
	'~standard': {
		version: 1,
		vendor: 'test',
		validate: (value: unknown) =>
			typeof value === 'string' ? { value } : { issues: [{ message: 'No text.' }] },
	},
} as const;

/** A room that users may join, but not Mallory. */
export const rooms: unknown = defineChannel({
	authorize: ({ user }: Context) => user.id !== 'mallory',
	messages: {
		say: {
			input: anything,
			handler: async (text: unknown, { user, channel }: Context) => {
				if (text === 'fail') throw new Error('The database is down.');
				await channel.publish('said', { by: user.id, text });
				return 'done';
			},
		},
	},
	events: { said: anything, moved: { schema: anything, ephemeral: true } },
	presence: { schema: text },
	history: { size: 10, ttl: 60 },
} as never);

/** A site with rooms, that ends with the test. */
export async function site(
	context: TestContext,
	{ files, ...options }: TestRealtimeOptions = {},
): Promise<TestRealtime> {
	const realtime = await testRealtime({ files: { 'rooms/[room]': rooms, ...files }, ...options });
	context.after(() => realtime.close());
	return realtime;
}

/** A channel as the client has it. The types of its site are unknown here. */
export function open(
	{ channels }: TestClient,
	name: string,
	params?: Readonly<Record<string, string>>,
): TestAddress<UntypedTestRoom> {
	return ((channels as UntypedTestChannels)[name] ?? assert.fail())(params);
}

/** Joins the lobby. */
export async function join(
	client: TestClient,
	options?: TestJoinOptions & WaitOptions,
): Promise<UntypedTestRoom> {
	return await open(client, 'rooms', { room: 'lobby' }).join(options);
}

/** The lobby, for the code of the site. */
export function lobby(channels: UntypedChannels): ChannelHandle {
	return (channels.rooms ?? assert.fail())({ room: 'lobby' }) as ChannelHandle;
}
