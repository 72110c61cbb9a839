import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WebSocketHandshake } from '../../handshake/hooks.ts';
import { FAILED, NOT_VERIFIED } from '../../handshake/refusal.ts';
import type { Report } from '../../socket/report.ts';
import type { Admission, UpgradeContext } from './context.ts';
import { offeredProtocols, siteRequest, subjectOf } from './handshake.ts';
import { refuse } from './refuse.ts';

/**
 * Answers an upgrade that the `verifyClient` hook refuses.
 *
 * @returns Whether it was answered, or the client no longer waits for a response.
 */
export async function rejectUnverified(
	request: IncomingMessage,
	response: ServerResponse,
	context: UpgradeContext,
	report: Report,
): Promise<boolean> {
	const { admission } = context;
	if (admission?.hooks.verifyClient === undefined) return false;
	try {
		const verdict: unknown = await admission.hooks.verifyClient(
			handshakeOf(request, context, admission),
		);
		if (response.headersSent || context.ended) return true;
		if (verdict === true) return false;
		context.rejection = NOT_VERIFIED.reason;
		if (verdict instanceof Response) await write(verdict, response);
		else refuse(response, NOT_VERIFIED);
	} catch (error) {
		report('The WebSocket hook `verifyClient` failed', error, subjectOf(request, context));
		if (!response.headersSent) refuse(response, FAILED);
	}
	return true;
}

/** The subprotocol selected by the `selectProtocol` hook, if any. */
export function selectProtocol(
	request: IncomingMessage,
	context: UpgradeContext,
	offered: readonly string[],
): string | undefined {
	const { admission } = context;
	if (admission?.hooks.selectProtocol === undefined || offered.length === 0) return undefined;
	return admission.hooks.selectProtocol(offered, handshakeOf(request, context, admission));
}

function handshakeOf(
	request: IncomingMessage,
	context: UpgradeContext,
	{ clientAddress }: Admission,
): WebSocketHandshake {
	return {
		request: siteRequest(request, context),
		clientAddress,
		protocols: offeredProtocols(request),
	};
}

async function write(source: Response, response: ServerResponse): Promise<void> {
	const body = Buffer.from(await source.arrayBuffer());
	const headers: Record<string, string | string[]> = Object.fromEntries(source.headers);
	const cookies = source.headers.getSetCookie();
	if (cookies.length > 0) headers['set-cookie'] = cookies;
	response.writeHead(source.status, headers);
	response.end(body);
}
