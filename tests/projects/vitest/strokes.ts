// A channel for the tests of the kit, beside those of `examples/chat`.

import { binary, defineChannel } from 'zastro:realtime';

export default defineChannel({
	authorize: 'anyone',
	messages: {
		draw: {
			input: binary(),
			handler: async (bytes, { channel }): Promise<Uint8Array> => {
				await channel.publish('stroke', bytes);
				return bytes;
			},
		},
		fail: {
			handler: (): void => {
				throw new Error('The database is down.');
			},
		},
	},
	events: { stroke: binary() },
});
