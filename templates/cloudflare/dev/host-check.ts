import { isIP } from 'node:net';

/** Vite's options of a server that say by what names it may be asked. */
export interface HostOptions {
	readonly allowedHosts?: true | readonly string[] | undefined;
	readonly host?: string | boolean | undefined;
	/** With a certificate the browser has made sure of the name. */
	readonly https?: unknown;
}

/**
 * Whether Vite answers requests with this `Host` header, by the rules of its `allowedHosts`. Only
 * ordinary requests go through its own check: without one here a page on another site could have its
 * name lead to this machine, and so be of the same origin.
 */
export function isHostAllowed(header: string | undefined, options: HostOptions): boolean {
	const { allowedHosts = [], host, https } = options;
	if (allowedHosts === true || https !== undefined || header === undefined) return true;
	const url = `http://${header}`;
	if (!URL.canParse(url)) return false;
	const { hostname } = new URL(url);
	if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return true;
	return ['localhost', '.localhost', host, ...allowedHosts].some(
		(allowed) =>
			typeof allowed === 'string' &&
			(allowed === hostname || (allowed.startsWith('.') && `.${hostname}`.endsWith(allowed))),
	);
}
