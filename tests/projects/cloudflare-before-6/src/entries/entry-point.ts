/** A Worker whose exports are more than the site. */
import type { SSRManifest } from 'astro';
import { App } from 'astro/app';
import { handle } from 'zastro-websockets-cloudflare/handler';
import { Room } from '../room.ts';

type Handled = Parameters<typeof handle>;

export function createExports(manifest: SSRManifest) {
	const app = new App(manifest);
	const fetch = (request: Handled[2], env: Handled[3], context: Handled[4]): Promise<Response> =>
		handle(manifest, app, request, env, context);
	return { default: { fetch }, Room };
}
