import type { ServerResponse } from 'node:http';
import { type Refusal, refusalHeaders } from '../shared/refusal.ts';

/** Answers with a refusal. */
export function refuse(response: ServerResponse, refusal: Refusal): void {
	response.writeHead(refusal.status, refusalHeaders(refusal));
	response.end(refusal.message);
}
