import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { FAILED, FORBIDDEN_ORIGIN, refusalHeaders } from '../../handshake/refusal.ts';

/** Creates a response on a connection that the server released for an upgrade. */
export function answerTo(request: IncomingMessage, socket: Duplex): ServerResponse {
	const response = new ServerResponse(request);
	// The parser is detached, so no second request can follow.
	response.shouldKeepAlive = false;
	response.assignSocket(socket as Socket);
	// Node removed its listeners. Without one, an error would end the process.
	socket.on('error', () => socket.destroy());
	// Without this listener, pipes into the response stall.
	socket.on('drain', () => response.emit('drain'));
	// Unread input would make the kernel reset the connection at its close, and the client lose the
	// response.
	socket.resume();
	response.once('finish', () => socket.end());
	return response;
}

/** Hop-by-hop headers (RFC 9110 section 7.6.1), which this connection sets itself. */
const HOP_BY_HOP = [
	'connection',
	'keep-alive',
	'proxy-connection',
	'te',
	'transfer-encoding',
	'upgrade',
];

/** @param rawHeaders Alternating names and values. */
function endToEnd(rawHeaders: readonly string[]): string[] {
	return rawHeaders.filter((_, index) => {
		const name = rawHeaders[index - (index % 2)] ?? '';
		return !HOP_BY_HOP.includes(name.toLowerCase());
	});
}

/** Whether this may be the refusal of an origin, by the status and the length of the body. */
function mayBeForbiddenOrigin({ statusCode, headers }: IncomingMessage): boolean {
	const { status, message } = FORBIDDEN_ORIGIN;
	return statusCode === status && Number(headers['content-length']) === message.length;
}

/** The local runtime's header for a body with an uncaught exception of the Worker. */
const UNCAUGHT = 'mf-experimental-error-stack';

/**
 * Passes the Worker's response to the client.
 *
 * @param report Reports an exception of the Worker to the developer.
 * @param explain Returns the explanation of a refused origin, which the Worker omits.
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
			// The body gets longer, so the Worker's `Content-Length` no longer matches.
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

/** @param exception The exception as JSON. */
function describe(exception: string): string {
	try {
		const { message, stack }: { message?: string; stack?: string } = JSON.parse(exception);
		return stack ?? message ?? exception;
	} catch {
		return exception;
	}
}
