import type { ServerResponse } from 'node:http';
import { type Refusal, refusalHeaders } from '../../handshake/refusal.ts';
import { getUpgradeContext } from './context.ts';
import type { Explanation } from './explanation.ts';
import type { Host } from './host.ts';

/** How to avoid a refusal, for the people who run or develop the site. */
export interface Advice {
	readonly host: Host;
	readonly explanation: Explanation;
}

/**
 * Answers with a refusal.
 *
 * @param advice Is logged, and in dev it is also a part of the answer.
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
