import { isIP } from 'node:net';

/** Vite's server options for allowed host names. */
export interface HostOptions {
	readonly allowedHosts?: true | readonly string[] | undefined;
	readonly host?: string | boolean | undefined;
	/** With a certificate, the browser has verified the name. */
	readonly https?: unknown;
}

/**
 * Whether Vite answers requests with this `Host` header, by the rules of its `allowedHosts`. Vite
 * checks ordinary requests only. Without this check, a page on another site could point its name to
 * this machine (DNS rebinding), and so get the same origin.
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
