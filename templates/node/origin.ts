import type { IncomingMessage, ServerResponse } from 'node:http';
import { isOriginAllowed, type OriginPolicy } from '../shared/origin.ts';
import { FORBIDDEN_ORIGIN } from '../shared/refusal.ts';
import { refuse } from './refuse.ts';

/** Answers an upgrade from an origin that may not connect with a 403. */
export function rejectForeignOrigin(
	request: IncomingMessage,
	response: ServerResponse,
	policy: OriginPolicy,
): boolean {
	const { origin, host } = request.headers;
	if (isOriginAllowed({ origin, host }, policy)) return false;
	refuse(response, FORBIDDEN_ORIGIN);
	return true;
}
