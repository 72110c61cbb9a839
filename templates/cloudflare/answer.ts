import { HANDSHAKE_TIMEOUT } from '../shared/refusal.ts';
import { mutable } from './platform.ts';
import { admit, refused, type Site, type SiteApp } from './site.ts';
import { getUpgrade } from './upgrade.ts';

/** Renders a request, a handshake only if it is admitted. {@link settle} has to follow. */
export async function answer(
	site: Site,
	request: Request,
	locals: object,
	app: SiteApp,
	render: () => Promise<Response>,
): Promise<Response> {
	const admitted = await admit(site, request, locals, app);
	if (admitted === undefined) return await render();
	if (admitted instanceof Response) return admitted;
	try {
		return mutable(await inTime(site.options.handshakeTimeout, render));
	} catch (error) {
		admitted.settle(false);
		throw error;
	}
}

/** Accepts the handshake if the response is the one that does. */
export function settle(request: Request, response: Response): void {
	const upgrade = getUpgrade(request);
	upgrade?.settle(upgrade.isAcceptedBy(response));
}

/** @param timeout In milliseconds; 0 is any time. */
async function inTime(timeout: number, render: () => Promise<Response>): Promise<Response> {
	if (timeout === 0) return await render();
	let timer: ReturnType<typeof setTimeout> | undefined;
	const late = new Promise<Response>((resolve) => {
		timer = setTimeout(() => resolve(refused(HANDSHAKE_TIMEOUT)), timeout);
	});
	try {
		return await Promise.race([render(), late]);
	} finally {
		clearTimeout(timer);
	}
}
