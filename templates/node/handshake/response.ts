import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { HANDSHAKE_TIMEOUT } from '../../handshake/refusal.ts';
import { announceClose, headerLines } from '../http/header-lines.ts';
import type { UpgradeContext } from './context.ts';
import { refuse } from './refuse.ts';

/** The methods that set headers. */
const HEADER_METHODS = [
	'setHeader',
	'setHeaders',
	'appendHeader',
	'removeHeader',
	'flushHeaders',
] as const;

/** A type for the overridden methods, whose overloads cannot be written as one function. */
type Arguments = readonly unknown[];

/** A response to an upgrade request. It does not touch the connection before `release()`. */
export interface UpgradeResponse {
	readonly response: ServerResponse;
	/** Sends the written output. */
	release(): void;
	/** Ends the response without output, because another listener took the connection. */
	drop(): void;
}

/**
 * Creates a response for an upgrade request, so that it can pass through the same handlers as any
 * other request. Node writes every response other than 101. A 101 completes the handshake, and then
 * the response looks finished to its writers.
 *
 * The methods are overridden on the object and not in a subclass, because Express replaces the
 * prototype of each response. They are the innermost ones, so that host middleware can wrap them.
 *
 * Until `release()`, Node buffers the output, as for the responses of pipelined requests.
 */
export function createUpgradeResponse(
	request: IncomingMessage,
	socket: Duplex,
	context: UpgradeContext,
): UpgradeResponse {
	const response = new ServerResponse(request);
	const { writeHead, write, end } = response;
	let switched = false;
	let gaveUp = false;
	let isLate = false;
	let isReleased = false;

	// The parser is detached, so no second request can follow.
	response.shouldKeepAlive = false;

	// Node removed its `drain` listener from the socket. Without it, pipes into the response stall.
	const forwardDrain = (): void => {
		response.emit('drain');
	};
	// Node also removed its `end` listener (`lib/_http_server.js`, `socketOnEnd`). A client that ends
	// its half before the response has left. A response that has begun is still sent, but an endless
	// one would keep the connection for good.
	const clientEnded = (): void => {
		if (!response.headersSent || (isLate && !response.writableEnded)) socket.destroy();
	};

	const letGo = (): void => {
		socket.off('drain', forwardDrain);
		socket.off('end', clientEnded);
	};

	response.once('finish', () => {
		if (switched) return;
		// Node's `resOnFinish` does the same for a last response.
		response.detachSocket(request.socket);
		request.socket.destroySoon();
		process.nextTick(emitClose, response);
	});
	response.once('close', () => {
		letGo();
		context.ended = true;
		context.prepared?.abandon();
	});

	context.giveUp = () => {
		if (response.headersSent) {
			isLate = true;
			if (socket.readableEnded) clientEnded();
			return;
		}
		for (const name of response.getHeaderNames()) response.removeHeader(name);
		refuse(response, HANDSHAKE_TIMEOUT);
		gaveUp = true;
		// Late code would get an exception for setting a header after the head was sent.
		for (const name of HEADER_METHODS) {
			Object.defineProperty(response, name, { value: () => response, configurable: true });
		}
	};

	override('writeHead', (args) => {
		if (switched || gaveUp) return response;
		const [status, ...rest] = args;
		if (context.held?.isTakenByAnswer && status !== 404 && !context.held.take()) return response;
		if (status !== 101) {
			if (isReleased) discardInput();
			return Reflect.apply(writeHead, response, [status, ...announceClose(response, rest)]);
		}
		if (context.prepared === undefined) return Reflect.apply(writeHead, response, [500]);
		if (context.admission?.isClosing()) return Reflect.apply(writeHead, response, [503]);

		const lines = headerLines(response, rest);
		switched = true;
		response.statusCode = 101;
		Object.defineProperty(response, 'headersSent', { value: true });
		response.detachSocket(request.socket);
		letGo();
		context.prepared.accept(socket, lines);
		return response;
	});

	override('write', (args) => {
		writeImplicitHead();
		if (!switched && !gaveUp) return Reflect.apply(write, response, args);
		callLast(args);
		return true;
	});

	override('end', (args) => {
		writeImplicitHead();
		if (gaveUp) {
			callLast(args);
			return response;
		}
		if (!switched) return Reflect.apply(end, response, args);
		if (response.finished) return response;
		response.finished = true;
		callLast(args);
		process.nextTick(() => {
			response.emit('finish');
			emitClose(response);
		});
		return response;
	});

	return { response, release, drop };

	function release(): void {
		isReleased = true;
		socket.on('drain', forwardDrain);
		socket.on('end', clientEnded);
		if (response.headersSent) discardInput();
		response.assignSocket(request.socket);
	}

	function drop(): void {
		gaveUp = true;
		emitClose(response);
	}

	/**
	 * Reads and drops the input. Unread input would make the kernel reset the connection at its
	 * close, and the client lose the response.
	 */
	function discardInput(): void {
		socket.resume();
	}

	/** Handles `statusCode = 101` without `writeHead()`, for which Node would write its own head. */
	function writeImplicitHead(): void {
		if (response.statusCode === 101 && !response.headersSent) response.writeHead(101);
	}

	function override(name: 'writeHead' | 'write' | 'end', body: (args: Arguments) => unknown): void {
		Object.defineProperty(response, name, {
			value: (...args: Arguments) => body(args),
			configurable: true,
			writable: true,
		});
	}
}

function emitClose(response: ServerResponse): void {
	if (response.destroyed) return;
	response.destroyed = true;
	response.emit('close');
}

/** Calls the callback of `write` or `end`, which is the last argument. */
function callLast(args: Arguments): void {
	const callback = args.at(-1);
	if (typeof callback === 'function') process.nextTick(() => callback());
}
