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

/** The options that a Worker can keep. */
export type SupportedOption =
	| 'allowedOrigins'
	| 'handshakeTimeout'
	| 'maxMessagesPerSecond'
	| 'maxPayload';

/** What is left of the options in the built site. */
export type SiteOptions = Pick<ResolvedWebSocketOptions, SupportedOption>;

/** The parts of Astro's app that are needed here. */
export interface SiteApp {
	/** Since Astro 5.15. */
	matchesAllowedDomains?(host: string, protocol: string): boolean;
}

/** The site that a Worker serves. */
export class Site {
	readonly #options: SiteOptions;
	readonly #hooks: WebSocketHooks;
	readonly #report: Report;

	/** @param hooks The exports of the hooks file. */
	constructor(options: SiteOptions, hooks: WebSocketHooks) {
		this.#options = options;
		this.#hooks = hooks;
		// Astro's logger says nothing in the Worker of `astro dev`, which is made without a level.
		this.#report = reporter(hooks, (message, error) => {
			if (error === undefined) console.error(message);
			else console.error(message, error);
		});
	}

	/** Renders a request, a handshake only if it is admitted. {@link settle} has to follow. */
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
			// A copy, to which headers can be added. Those of a Durable Object's answer and of that of
			// `fetch()` are immutable, be it a 101 or not, and setting a cookie on them would be an
			// exception. A copy keeps the end of a pair. Astro keeps what it knows of a response in
			// properties with symbols for keys, its cookies for one.
			return Object.assign(new Response(response.body, response), response);
		} catch (error) {
			upgrade.settle(false);
			throw error;
		}
	}

	/** Accepts the handshake if the response is the one that does. */
	settle<Settled extends Response>(request: UpgradeRequest, response: Settled): Settled {
		const upgrade = request[UPGRADE];
		upgrade?.settle(upgrade.isAcceptedBy(response));
		return response;
	}

	/**
	 * Gives a request its locals, a handshake only if it passes the checks that come before the site's
	 * own code.
	 *
	 * @returns The upgrade of a handshake, the answer to one that is refused, else `undefined`.
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
		// The edge writes the header, whatever the client sends.
		const handshake = { request, clientAddress: headers.get('cf-connecting-ip') ?? '', protocols };
		// It ends with the request, or comes too late to change anything.
		const late = new Promise<Response>((resolve) => {
			if (handshakeTimeout === 0) return;
			setTimeout(() => resolve(refused(HANDSHAKE_TIMEOUT)), handshakeTimeout);
		});
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
			verify: () => Promise.race([this.#verify(handshake, context), late]),
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

	/** Asks the hooks about a handshake, and writes down the address that they give the client. */
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

/** The answer that a refusal is. */
function refused(refusal: Refusal): Response {
	return new Response(refusal.message, refusal);
}
