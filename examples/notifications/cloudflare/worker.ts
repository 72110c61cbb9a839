import { handle } from 'zastro-websockets-cloudflare/handler';
import { sendDue } from '../src/reminders.ts';

/** The site, and what Cloudflare runs on its schedule. */
export default { fetch: handle, scheduled: () => sendDue() };
