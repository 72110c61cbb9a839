import type { ServerResponse } from 'node:http';
import { type Refusal, refusalHeaders } from '../../handshake/refusal.ts';
import { getUpgradeContext } from './context.ts';
import type { Explanation } from './explanation.ts';
import type { Host } from './host.ts';

/** Advice on a refusal for the operators and developers of the site. */
export interface Advice {
	readonly host: Host;
	readonly explanation: Explanation;
}

/**
 * Answers with a refusal.
 *
 * @param advice Logged, and in dev also part of the response.
 */
export function refuse(response: ServerResponse, refusal: Refusal, advice?: Advice): void {
	const context = getUpgradeContext(response.req);
	if (context !== undefined) context.rejection ??= refusal.reason;
	let { message } = refusal;
	if (advice !== undefined) {
		const { host, explanation } = advice;
		host.notices.tell(explanation.kind, explanation.text);
		if (host.isDev) message += `\n${explanation.text}`;
	}
	response.writeHead(refusal.status, refusalHeaders(refusal));
	response.end(message);
}
