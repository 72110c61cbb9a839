import { SESSION_SAVED } from '../socket/errors.ts';

/** The parts of Astro's context that are needed here. */
interface SessionContext {
	/** Since Astro 5. */
	readonly session?: object | undefined;
	readonly locals: { readonly isUpgradeRequest?: boolean };
}

/** What changes a session. */
const CHANGES = ['set', 'delete', 'destroy', 'regenerate', 'load'] as const;

/**
 * Makes the session of an accepted handshake refuse changes. Astro saves a session once, with the
 * response: what a socket's handlers change in it later would be lost without a word.
 */
export function onRequest(
	context: SessionContext,
	next: () => Response | Promise<Response>,
): Response | Promise<Response> {
	return context.locals.isUpgradeRequest === true ? sealAfter(context, next) : next();
}

async function sealAfter(
	context: SessionContext,
	next: () => Response | Promise<Response>,
): Promise<Response> {
	const response = await next();
	if (response.status === 101 && context.session !== undefined) seal(context.session);
	return response;
}

function seal(session: object): void {
	const value = (): never => {
		throw new Error(SESSION_SAVED);
	};
	// A rewrite runs the middleware once more for the same session.
	for (const change of CHANGES) {
		Object.defineProperty(session, change, { value, configurable: true });
	}
}
