import { defineChannel } from 'zastro:realtime';
import { shape } from '../../schema';

/** Shows its users. */
export default defineChannel({
	authorize: 'users',
	presence: {
		schema: shape({ mood: 'string' }),
		of: 'user',
		server: ({ user }) => ({ name: user.name }),
	},
});
