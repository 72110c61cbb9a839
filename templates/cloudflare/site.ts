import type { AllowedDomain } from '../shared/allowed-domains.ts';
import { hooksOf, type WebSocketHandshake, type WebSocketHooks } from '../shared/hooks.ts';
import type { ResolvedWebSocketOptions } from '../shared/options.ts';
import { ORDINARY } from '../shared/ordinary-locals.ts';
import { isOriginAllowed } from '../shared/origin.ts';
import { FAILED, FORBIDDEN_ORIGIN, NOT_VERIFIED, type Refusal } from '../shared/refusal.ts';
import { type Report, reporter } from '../shared/report.ts';
import type { WebSocketLocals } from '../shared/types.ts';
import { isHandshake, offeredProtocols } from './handshake.ts';
import { setUpgrade, Upgrade } from './upgrade.ts';

/** The options that a Worker can keep. */
export type Kept = 'allowedOrigins' | 'handshakeTimeout' | 'maxMessagesPerSecond' | 'maxPayload';

/** What is left of the options in the built site. */
export type SiteOptions = Pick<ResolvedWebSocketOptions, Kept>;

/** The site that a Worker serves. */
export interface Site {
	readonly options: SiteOptions;
	readonly hooks: WebSocketHooks;
	readonly report: Report;
}

/** The parts of Astro's app that are needed here. */
export interface SiteApp {
	readonly manifest: { readonly allowedDomains?: readonly AllowedDomain[] | undefined };
}

/** @param exports Those of the hooks file. */
export function createSite(options: SiteOptions, exports: object): Site {
	const hooks = hooksOf(exports);
	// Astro's logger says nothing in the Worker of `astro dev`, which is made without a level.
	const report = reporter(hooks, (message, error) => {
		if (error === undefined) console.error(message);
		else console.error(message, error);
	});
	return { options, hooks, report };
}

/**
 * Gives a request its locals, a handshake only if it passes the checks that come before the site's
 * own code.
 *
 * @returns The upgrade of a handshake, the answer to one that is refused, else `undefined`.
 */
export async function admit(
	{ options, hooks, report }: Site,
	request: Request,
	locals: object,
	app: SiteApp,
): Promise<Upgrade | Response | undefined> {
	if (!isHandshake(request)) {
		Object.assign(locals, ORDINARY);
		return undefined;
	}
	if (!isFromHere(request, options.allowedOrigins, app)) return refused(FORBIDDEN_ORIGIN);
	let handshake: WebSocketHandshake;
	let running = 'clientAddress';
	try {
		// The edge writes it, whatever the client sends.
		const address = request.headers.get('cf-connecting-ip') ?? '';
		const clientAddress = (await hooks.clientAddress?.(request, address)) ?? address;
		handshake = { request, clientAddress, protocols: offeredProtocols(request) };
		running = 'verifyClient';
		const verdict: unknown =
			hooks.verifyClient === undefined || (await hooks.verifyClient(handshake));
		if (verdict !== true) return verdict instanceof Response ? verdict : refused(NOT_VERIFIED);
	} catch (error) {
		report(`The WebSocket hook \`${running}\` failed`, error);
		return refused(FAILED);
	}
	const upgrade = new Upgrade(request, {
		limits: options,
		selectProtocol: (offered) => hooks.selectProtocol?.(offered, handshake),
		report,
	});
	setUpgrade(request, upgrade);
	const ours: WebSocketLocals = {
		isUpgradeRequest: true,
		upgradeWebSocket: (options) => upgrade.prepare(options),
	};
	Object.assign(locals, ours);
	return upgrade;
}

function isFromHere(
	{ headers, url }: Request,
	allowedOrigins: readonly string[],
	{ manifest }: SiteApp,
): boolean {
	const origin = headers.get('origin') ?? undefined;
	const host = headers.get('host') ?? new URL(url).host;
	const { allowedDomains = [] } = manifest;
	return isOriginAllowed({ origin, host }, { allowedOrigins, allowedDomains });
}

/** The answer that a refusal is. */
export function refused(refusal: Refusal): Response {
	return new Response(refusal.message, refusal);
}
