import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { FAILED, FORBIDDEN_ORIGIN, refusalHeaders } from '../../handshake/refusal.ts';

/** A response on a connection that a server has let go of for an upgrade. */
export function answerTo(request: IncomingMessage, socket: Duplex): ServerResponse {
	const response = new ServerResponse(request);
	// There is no parser any more, so no second request can follow.
	response.shouldKeepAlive = false;
	response.assignSocket(socket as Socket);
	// Node took its own listeners off: without one an error would end the process.
	socket.on('error', () => socket.destroy());
	// Without one for this what is piped into the response stalls.
	socket.on('drain', () => response.emit('drain'));
	// Unread input at the time of closing would make the kernel send a reset, and the client lose
	// the answer.
	socket.resume();
	response.once('finish', () => socket.end());
	return response;
}

/** Headers of one hop (RFC 9110 section 7.6.1), which this one writes for itself. */
const HOP_BY_HOP = [
	'connection',
	'keep-alive',
	'proxy-connection',
	'te',
	'transfer-encoding',
	'upgrade',
];

/** @param rawHeaders Names and values in turn. */
function endToEnd(rawHeaders: readonly string[]): string[] {
	return rawHeaders.filter((_, index) => {
		const name = rawHeaders[index - (index % 2)] ?? '';
		return !HOP_BY_HOP.includes(name.toLowerCase());
	});
}

/** Whether this may be the refusal of an origin, judged by the status and the length of the body. */
function mayBeForbiddenOrigin({ statusCode, headers }: IncomingMessage): boolean {
	const { status, message } = FORBIDDEN_ORIGIN;
	return statusCode === status && Number(headers['content-length']) === message.length;
}

/** The local runtime's mark on a body that is an exception which the Worker did not catch. */
const UNCAUGHT = 'mf-experimental-error-stack';

/**
 * Gives the client what the Worker answered.
 *
 * @param report Tells whoever develops the site what the Worker threw.
 * @param explain Says why an origin is refused, which the Worker does not.
 */
export async function passOn(
	answer: IncomingMessage,
	response: ServerResponse,
	report: (message: string) => void,
	explain: () => string,
): Promise<void> {
	if (answer.headers[UNCAUGHT] === undefined) {
		const headers = endToEnd(answer.rawHeaders);
		if (mayBeForbiddenOrigin(answer)) {
			const body = await text(answer);
			const isOurs = body === FORBIDDEN_ORIGIN.message;
			// The body gets longer, so the Worker's `Content-Length` no longer fits.
			if (isOurs) response.writeHead(FORBIDDEN_ORIGIN.status, refusalHeaders(FORBIDDEN_ORIGIN));
			else response.writeHead(answer.statusCode ?? 500, answer.statusMessage, headers);
			response.end(isOurs ? `${body}\n${explain()}` : body);
			return;
		}
		response.writeHead(answer.statusCode ?? 500, answer.statusMessage, headers);
		answer.pipe(response);
		return;
	}
	report(`Internal server error: ${describe(await text(answer))}`);
	response.writeHead(FAILED.status, refusalHeaders(FAILED));
	response.end(FAILED.message);
}

/** @param exception As JSON. */
function describe(exception: string): string {
	try {
		const { message, stack }: { message?: string; stack?: string } = JSON.parse(exception);
		return stack ?? message ?? exception;
	} catch {
		return exception;
	}
}
