import { channels, defineChannel } from 'zastro:realtime';
import * as v from 'valibot';

export default defineChannel({
	authorize: ({ user, params }) => ({ history: user.id === params.team + params.room }),
	anonymous: false,
	events: { counted: v.object({ count: v.pipe(v.string(), v.transform(Number)) }) },
	messages: {
		count: {
			input: v.object({ count: v.pipe(v.string(), v.transform(Number)) }),
			handler: async ({ count }, { channel, params }): Promise<number> => {
				await channel.publish('counted', { count: String(count) });
				await channels.rooms({ room: params.room }).publish('cleared');
				return count;
			},
		},
	},
});
