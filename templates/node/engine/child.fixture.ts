/** A process of its own, which tests kill and stop. */

import type { EngineProcess } from './engine.fixture.ts';

/** What a test asks for. */
export type Request =
	| { readonly enter: string; readonly channel: string }
	| { readonly online: string }
	| { readonly resume: string; readonly user: string }
	| { readonly claim: number; readonly secret: string }
	| { readonly told: true };

/** Does what the test asks for, until it is killed. */
export async function serve(child: EngineProcess): Promise<void> {
	await child.engine.start();
	process.on('message', (request: Request) => {
		void answer(child, request).then((result) => process.send?.(result ?? null));
	});
	process.send?.('ready');
}

async function answer(child: EngineProcess, request: Request): Promise<unknown> {
	const { roster } = child.engine;
	if ('enter' in request) {
		const { enter: id, channel } = request;
		return await roster.enter(channel, { id, member: { id, data: 1, since: 1 } });
	}
	if ('online' in request) return await child.users.enter(request.online, `of ${request.online}`);
	if ('resume' in request) return await roster.resumeSession(request.resume, request.user);
	if ('claim' in request) return (await roster.claim(request.secret, request.claim)).state;
	return child.told;
}
