/** The Worker: the site, and the Durable Objects that it uses. */
import { handle } from 'zastro-websockets-cloudflare/handler';

export { Room } from './room.ts';

export default { fetch: handle } satisfies ExportedHandler<Env>;
