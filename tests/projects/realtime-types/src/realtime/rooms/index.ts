import { defineChannel } from 'zastro:realtime';
import { type } from 'arktype';

export default defineChannel({
	authorize: 'anyone',
	messages: {
		rename: {
			input: type({ from: 'string', 'to?': 'string' }),
			handler: ({ from, to }, { user }) => ({ from, to, by: user?.name }),
		},
	},
	events: { opened: type({ room: 'string' }) },
});
