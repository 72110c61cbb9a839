import { SESSION_SAVED } from '../socket/errors.ts';

/** The part of Astro's context used here. */
interface SessionContext {
	/** Since Astro 5. */
	readonly session?: object | undefined;
	readonly locals: { readonly isUpgradeRequest?: boolean };
}

/** The methods that change a session. */
const CHANGES = ['set', 'delete', 'destroy', 'regenerate', 'load'] as const;

/**
 * Makes the session of an accepted handshake reject changes. Astro saves a session once, with the
 * response. Changes by the socket's handlers would be lost silently.
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
	// A rewrite runs the middleware again for the same session.
	for (const change of CHANGES) {
		Object.defineProperty(session, change, { value, configurable: true });
	}
}
