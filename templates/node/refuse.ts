import type { ServerResponse } from 'node:http';
import { type Refusal, refusalHeaders } from '../shared/refusal.ts';
import { getUpgradeContext } from './context.ts';

/** Answers with a refusal. */
export function refuse(response: ServerResponse, refusal: Refusal): void {
	const context = getUpgradeContext(response.req);
	if (context !== undefined) context.rejection ??= refusal.reason;
	response.writeHead(refusal.status, refusalHeaders(refusal));
	response.end(refusal.message);
}
