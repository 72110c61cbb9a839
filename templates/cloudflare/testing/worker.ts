/** The Worker that Vitest runs: it has the objects of the site's channels, and answers nothing. */

import '../realtime/load-site.ts';

export { ZastroRealtime } from '../realtime/object.ts';

const worker: { fetch(): Response } = {
	fetch: () => new Response('This Worker is for tests.', { status: 404 }),
};
export default worker;
