import { CRON_SECRET } from 'astro:env/server';
import type { APIRoute } from 'astro';
import { sendDue } from '../../reminders.ts';

/** For a cron job, which knows the secret. On Cloudflare `cloudflare/worker.ts` takes its place. */
export const POST: APIRoute = async ({ request }) => {
	const isAllowed = request.headers.get('Authorization') === `Bearer ${CRON_SECRET}`;
	if (!CRON_SECRET || !isAllowed) return new Response(null, { status: 401 });
	await sendDue();
	return new Response(null, { status: 204 });
};
