import { defineChannel } from 'zastro:realtime';
import { shape } from '../../schema';

/** Shows its connections. */
export default defineChannel({
	authorize: 'anyone',
	presence: { schema: shape({ mood: 'string' }), of: 'connection' },
});
