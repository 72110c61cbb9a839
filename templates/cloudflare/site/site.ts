import { decide } from '../../handshake/decide.ts';
import { areProtocols, tokens } from '../../handshake/handshake.ts';
import type { WebSocketHandshake, WebSocketHooks } from '../../handshake/hooks.ts';
import { isOriginAllowed } from '../../handshake/origin.ts';
import {
	FAILED,
	FORBIDDEN_ORIGIN,
	HANDSHAKE_TIMEOUT,
	MALFORMED_PROTOCOLS,
	NOT_VERIFIED,
	type Refusal,
} from '../../handshake/refusal.ts';
import { reporter } from '../../handshake/reporter.ts';
import { ORDINARY } from '../../locals/ordinary-locals.ts';
import type { WebSocketLocals } from '../../locals/types.ts';
import type { ResolvedWebSocketOptions } from '../../options/options.ts';
import type { Report } from '../../socket/report.ts';
import type { PlatformContext } from '../connection/platform.ts';
import { isHandshake } from '../handshake/handshake.ts';
import { Upgrade } from '../handshake/upgrade.ts';
import { UPGRADE, type UpgradeRequest } from '../handshake/upgrade-request.ts';

/** The options supported by a Worker. */
export type SupportedOption =
	| 'allowedOrigins'
	| 'handshakeTimeout'
	| 'maxMessagesPerSecond'
	| 'maxPayload';

/** The options in the built site. */
export type SiteOptions = Pick<ResolvedWebSocketOptions, SupportedOption>;

/** The used part of Astro's app. */
export interface SiteApp {
	/** Since Astro 5.15. */
	matchesAllowedDomains?(host: string, protocol: string): boolean;
}

/** The site of a Worker. */
export class Site {
	readonly #options: SiteOptions;
	readonly #hooks: WebSocketHooks;
	readonly #report: Report;

	/** @param hooks The exports of the hooks file. */
	constructor(options: SiteOptions, hooks: WebSocketHooks) {
		this.#options = options;
		this.#hooks = hooks;
		// Astro's logger prints nothing in the Worker of `astro dev`, where it is created without a
		// level.
		this.#report = reporter(hooks, (message, error) => {
			if (error === undefined) console.error(message);
			else console.error(message, error);
		});
	}

	/**
	 * Renders a request. A handshake is rendered only if it is admitted. Call {@link settle}
	 * afterwards.
	 */
	async answer(
		request: UpgradeRequest,
		locals: object,
		app: SiteApp,
		context: PlatformContext,
		render: () => Promise<Response>,
	): Promise<Response> {
		const upgrade = await this.admit(request, locals, app, context);
		if (upgrade === undefined) return await render();
		if (upgrade instanceof Response) return upgrade;
		try {
			const response = await Promise.race([render(), upgrade.late]);
			// A copy with mutable headers. Responses of Durable Objects and of `fetch()` have immutable
			// ones, with or without status 101, and setting a cookie would throw. A copy keeps the end of
			// a pair. Astro stores data about a response, such as cookies, in properties with symbol
			// keys.
			return Object.assign(new Response(response.body, response), response);
		} catch (error) {
			upgrade.settle(false);
			throw error;
		}
	}

	/** Settles the handshake: accepts it if the response is the accepting one. */
	settle<Settled extends Response>(request: UpgradeRequest, response: Settled): Settled {
		const upgrade = request[UPGRADE];
		upgrade?.settle(upgrade.isAcceptedBy(response));
		return response;
	}

	/**
	 * Adds the locals to a request. A handshake must first pass the checks before the site's own
	 * code.
	 *
	 * @returns The upgrade of a handshake, the response to a refused one, or `undefined` for an
	 * ordinary request.
	 */
	async admit(
		request: UpgradeRequest,
		locals: object,
		app: SiteApp,
		context: PlatformContext,
	): Promise<Upgrade | Response | undefined> {
		if (!isHandshake(request)) {
			Object.assign(locals, ORDINARY);
			return undefined;
		}
		const { headers, url } = request;
		const { allowedOrigins, handshakeTimeout } = this.#options;
		const protocols = tokens(headers.get('sec-websocket-protocol'));
		// Cloudflare's edge sets the header and overrides the client's.
		const handshake = { request, clientAddress: headers.get('cf-connecting-ip') ?? '', protocols };
		let late!: Promise<Response>;
		const refusal = await decide<Response>({
			origin() {
				const isAllowed = isOriginAllowed(
					{ origin: headers.get('origin'), own: new URL(url).origin },
					{
						allowedOrigins,
						isAllowedDomain: (host, protocol) => app.matchesAllowedDomains?.(host, protocol),
					},
				);
				return !isAllowed && refused(FORBIDDEN_ORIGIN);
			},
			protocols: () => !areProtocols(protocols) && refused(MALFORMED_PROTOCOLS),
			verify: () => {
				// The timer ends with the request, or fires too late to have an effect.
				late = new Promise<Response>((resolve) => {
					if (handshakeTimeout === 0) return;
					setTimeout(() => resolve(refused(HANDSHAKE_TIMEOUT)), handshakeTimeout);
				});
				return Promise.race([this.#verify(handshake, context), late]);
			},
		});
		if (refusal !== undefined) return refusal;
		const upgrade = new Upgrade({
			handshake,
			limits: this.#options,
			hooks: this.#hooks,
			report: this.#report,
			context,
			late,
		});
		request[UPGRADE] = upgrade;
		const added: WebSocketLocals = {
			isUpgradeRequest: true,
			upgradeWebSocket(options) {
				return upgrade.prepare(options);
			},
		};
		Object.assign(locals, added);
		return upgrade;
	}

	/** Runs the hooks for a handshake, and stores the address from the `clientAddress` hook. */
	async #verify(
		handshake: { -readonly [Key in keyof WebSocketHandshake]: WebSocketHandshake[Key] },
		context: PlatformContext,
	): Promise<Response | undefined> {
		const { request, clientAddress } = handshake;
		const hooks = this.#hooks;
		let running = 'clientAddress';
		try {
			handshake.clientAddress =
				(await hooks.clientAddress?.(request, clientAddress)) ?? clientAddress;
			running = 'verifyClient';
			const verdict: unknown =
				hooks.verifyClient === undefined || (await hooks.verifyClient(handshake));
			if (verdict === true) return undefined;
			return verdict instanceof Response ? verdict : refused(NOT_VERIFIED);
		} catch (error) {
			const message = `The WebSocket hook \`${running}\` failed`;
			context.waitUntil(this.#report(message, error, { request }));
			return refused(FAILED);
		}
	}
}

/** The response of a refusal. */
function refused(refusal: Refusal): Response {
	return new Response(refusal.message, refusal);
}
