import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { HANDSHAKE_TIMEOUT } from '../../handshake/refusal.ts';
import { closing, headerLines } from '../http/header-lines.ts';
import type { UpgradeContext } from './context.ts';
import { refuse } from './refuse.ts';

/** What sets headers. */
const HEADER_METHODS = [
	'setHeader',
	'setHeaders',
	'appendHeader',
	'removeHeader',
	'flushHeaders',
] as const;

/** A type for the overridden methods, whose overloads cannot be written as one function. */
type Arguments = readonly unknown[];

/** A response to an upgrade request. Nothing of it touches the connection before `release()`. */
export interface UpgradeResponse {
	readonly response: ServerResponse;
	/** Sends what is written. */
	release(): void;
	/** Ends the response without an answer: the connection is someone else's. */
	drop(): void;
}

/**
 * A response for an upgrade request, so that it can run through the same handlers as any other
 * request. Every answer but 101 is written by Node itself. A 101 completes the handshake, after
 * which the response is over as far as its writers can see.
 *
 * The methods are overridden on the object, not in a subclass: Express replaces the prototype of
 * each response. They are the innermost ones, so that host middleware can wrap them.
 *
 * Until `release()` Node keeps what is written in memory, as it does for the responses of pipelined
 * requests.
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
	let isReleased = false;

	// The parser is gone, so no second request can follow.
	response.shouldKeepAlive = false;

	// Node took its `drain` listener off the socket; without it, pipes into the response stall.
	const forwardDrain = (): void => {
		response.emit('drain');
	};
	// And its `end` listener (`lib/_http_server.js`, `socketOnEnd`): a client that ends its half
	// before there is an answer has left. What has begun it still gets.
	const clientEnded = (): void => {
		if (!response.headersSent) socket.destroy();
	};

	const letGo = (): void => {
		socket.off('drain', forwardDrain);
		socket.off('end', clientEnded);
	};

	response.once('finish', () => {
		if (switched) return;
		// What Node's `resOnFinish` does for a last response.
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
		if (response.headersSent) return;
		for (const name of response.getHeaderNames()) response.removeHeader(name);
		refuse(response, HANDSHAKE_TIMEOUT);
		gaveUp = true;
		// Whoever was late would get an exception for a header that comes behind the head.
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
			return Reflect.apply(writeHead, response, [status, ...closing(response, rest)]);
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
	 * Unread input at the time of closing would make the kernel send a reset, and the client lose
	 * the answer.
	 */
	function discardInput(): void {
		socket.resume();
	}

	/** `statusCode = 101` without `writeHead()`: Node would go on to write its own head. */
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

/** `write` and `end` take a callback as their last argument. */
function callLast(args: Arguments): void {
	const callback = args.at(-1);
	if (typeof callback === 'function') process.nextTick(() => callback());
}
