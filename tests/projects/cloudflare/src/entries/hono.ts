/** A Hono app around the site. */
import { astro } from 'astro/hono';
import { Hono } from 'hono';
import { cf } from 'zastro-websockets-cloudflare/hono';

export { Room } from '../room.ts';

const app = new Hono<{ Bindings: Env }>();
app.get('/guarded', (context) => context.text('guarded by the host', 403, { 'x-guard': 'host' }));
app.use(cf());
app.use(astro());

export default app;
