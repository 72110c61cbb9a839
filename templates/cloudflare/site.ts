import { matchPattern, type RemotePattern } from '@astrojs/internal-helpers/remote';
import { hooksOf, type WebSocketHandshake, type WebSocketHooks } from '../shared/hooks.ts';
import type { ResolvedWebSocketOptions } from '../shared/options.ts';
import { ORDINARY } from '../shared/ordinary-locals.ts';
import { isOriginAllowed } from '../shared/origin.ts';
import {
	FAILED,
	FORBIDDEN_ORIGIN,
	HANDSHAKE_TIMEOUT,
	NOT_VERIFIED,
	type Refusal,
	refusalHeaders,
} from '../shared/refusal.ts';
import { type Report, reporter } from '../shared/report.ts';
import type { WebSocketLocals } from '../shared/types.ts';
import { isHandshake, offeredProtocols } from './handshake.ts';
import { mutable } from './platform.ts';
import { Upgrade } from './upgrade.ts';

/** The options that a Worker can keep. */
export type Kept = 'allowedOrigins' | 'handshakeTimeout' | 'maxMessagesPerSecond' | 'maxPayload';

/** What is left of the options in the built site. */
export type SiteOptions = Pick<ResolvedWebSocketOptions, Kept>;

/** The parts of Astro's app that are needed here. */
export interface SiteApp {
	readonly adapterLogger: { error(message: string): void };
	readonly manifest: { readonly allowedDomains?: Partial<RemotePattern>[] | undefined };
}

/** The parts of Astro's `FetchState` that are needed here. */
export interface SiteState {
	readonly request: Request;
	readonly locals: object;
	response?: Response | undefined;
}

/** A handshake carries its upgrade from where it is admitted to where it is settled. */
const UPGRADE: unique symbol = Symbol.for('astro.websocket.upgrade');

interface UpgradeRequest extends Request {
	[UPGRADE]?: Upgrade;
}

/** The site that a Worker serves. */
export class Site {
	readonly #options: SiteOptions;
	readonly #hooks: WebSocketHooks;

	/** @param hooks The exports of the hooks file. */
	constructor(options: SiteOptions, hooks: object) {
		this.#options = options;
		this.#hooks = hooksOf(hooks);
	}

	/** Renders a request, a handshake only if it is admitted. {@link Site.settle} has to follow. */
	async answer(
		request: Request,
		locals: object,
		app: SiteApp,
		render: () => Promise<Response>,
	): Promise<Response> {
		const admitted = await this.#admit(request, locals, app);
		if (admitted === undefined) return await render();
		if (admitted instanceof Response) return admitted;
		try {
			return mutable(await this.#inTime(render));
		} catch (error) {
			admitted.settle(false);
			throw error;
		}
	}

	/** Accepts the handshake if the response is the one that does. */
	settle(request: UpgradeRequest, response: Response): Response {
		const upgrade = request[UPGRADE];
		upgrade?.settle(upgrade.isAcceptedBy(response));
		return response;
	}

	/**
	 * Admits what a Worker renders that calls Astro's handlers itself.
	 *
	 * @returns The answer to a handshake that is not admitted.
	 */
	async admit(state: SiteState, app: SiteApp): Promise<Response | undefined> {
		// The Worker is called by `answer()`, which goes on from here.
		if (UPGRADE in state.request) return undefined;
		const admitted = await this.#admit(state.request, state.locals, app);
		if (admitted === undefined || admitted instanceof Response) return admitted;
		settleByState(state, admitted);
		return undefined;
	}

	/** @returns The upgrade of a handshake, the answer to one that is refused, else `undefined`. */
	async #admit(
		request: UpgradeRequest,
		locals: object,
		app: SiteApp,
	): Promise<Upgrade | Response | undefined> {
		if (!isHandshake(request)) {
			Object.assign(locals, ORDINARY);
			return undefined;
		}
		if (!this.#isOriginAllowed(request, app)) return refused(FORBIDDEN_ORIGIN);
		const report = reporter(this.#hooks, (message, error) => {
			app.adapterLogger.error(message);
			if (error !== undefined) console.error(error);
		});
		const handshake = await this.#handshake(request, report);
		if (handshake instanceof Response) return handshake;
		const refusal = await this.#verify(handshake, report);
		if (refusal !== undefined) return refusal;
		const { maxMessagesPerSecond, maxPayload } = this.#options;
		const upgrade = new Upgrade(request, {
			limits: { maxMessagesPerSecond, maxPayload },
			selectProtocol: (offered) => this.#hooks.selectProtocol?.(offered, handshake),
			report,
		});
		request[UPGRADE] = upgrade;
		const ours: WebSocketLocals = {
			isUpgradeRequest: true,
			upgradeWebSocket: (options) => upgrade.prepare(options),
		};
		Object.assign(locals, ours);
		return upgrade;
	}

	#isOriginAllowed({ headers, url }: Request, { manifest }: SiteApp): boolean {
		return isOriginAllowed(
			{
				origin: headers.get('origin') ?? undefined,
				host: headers.get('host') ?? new URL(url).host,
			},
			{
				allowedOrigins: this.#options.allowedOrigins,
				isAllowedDomain: (origin) =>
					(manifest.allowedDomains ?? []).some((pattern) => matchPattern(origin, pattern)),
			},
		);
	}

	async #handshake(request: Request, report: Report): Promise<WebSocketHandshake | Response> {
		// The edge writes it, whatever the client sends.
		const address = request.headers.get('cf-connecting-ip') ?? '';
		try {
			const clientAddress = (await this.#hooks.clientAddress?.(request, address)) ?? address;
			return { request, clientAddress, protocols: offeredProtocols(request) };
		} catch (error) {
			report('The WebSocket hook `clientAddress` failed', error);
			return refused(FAILED);
		}
	}

	async #verify(handshake: WebSocketHandshake, report: Report): Promise<Response | undefined> {
		const { verifyClient } = this.#hooks;
		if (verifyClient === undefined) return undefined;
		try {
			const verdict: unknown = await verifyClient(handshake);
			if (verdict === true) return undefined;
			return verdict instanceof Response ? verdict : refused(NOT_VERIFIED);
		} catch (error) {
			report('The WebSocket hook `verifyClient` failed', error);
			return refused(FAILED);
		}
	}

	async #inTime(render: () => Promise<Response>): Promise<Response> {
		const { handshakeTimeout } = this.#options;
		if (handshakeTimeout === 0) return await render();
		let timer: ReturnType<typeof setTimeout> | undefined;
		const late = new Promise<Response>((resolve) => {
			timer = setTimeout(() => resolve(refused(HANDSHAKE_TIMEOUT)), handshakeTimeout);
		});
		try {
			return await Promise.race([render(), late]);
		} finally {
			clearTimeout(timer);
		}
	}
}

/**
 * Settles by the response that Astro's handlers leave in their state, once they have come to rest
 * with one: what the Worker does with it after that, nobody tells.
 */
function settleByState(state: SiteState, upgrade: Upgrade): void {
	let { response } = state;
	let timer: ReturnType<typeof setTimeout> | undefined;
	Object.defineProperty(state, 'response', {
		configurable: true,
		enumerable: true,
		get: () => response,
		set(next: Response | undefined) {
			response = next;
			clearTimeout(timer);
			if (next === undefined) return;
			// The headers may be gone by then.
			const isAccepted = upgrade.isAcceptedBy(next);
			timer = setTimeout(() => upgrade.settle(isAccepted), 0);
		},
	});
}

function refused(refusal: Refusal): Response {
	return new Response(refusal.message, {
		status: refusal.status,
		headers: refusalHeaders(refusal),
	});
}
