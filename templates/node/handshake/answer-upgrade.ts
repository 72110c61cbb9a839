import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { FAILED, type Refusal } from '../../handshake/refusal.ts';
import { isAnswered, setAnswered } from '../http/answered.ts';
import { afterEarlierResponses } from '../http/earlier-responses.ts';
import { admit } from './admission.ts';
import { setUpgradeContext, type UpgradeContext } from './context.ts';
import { requestPath, subjectOf } from './handshake.ts';
import type { Host } from './host.ts';
import { refuse } from './refuse.ts';
import { createUpgradeResponse } from './response.ts';

const ANSWERED_TWICE =
	'`upgrade()` was called for a connection that is already answered. Call it once per `upgrade` event, and do not combine it with an `attachWebSocket()` that takes the same handshakes.';

/** The site that answers an upgrade, and its request handlers. */
export interface Answering {
	/** The site that answers. */
	readonly host: Host;
	/** Passes the upgrade through the host's pipeline as an ordinary request. */
	dispatch(request: IncomingMessage, response: ServerResponse): void;
	/** The server that received it, if the site is attached to it. */
	readonly server?: object;
}

/**
 * Answers one handshake. The socket must have an `error` listener.
 *
 * @throws Error if the connection is already answered.
 */
export function answerUpgrade(
	{ host, dispatch, server }: Answering,
	request: IncomingMessage,
	socket: Duplex,
	head: Buffer,
): void {
	if (isAnswered(socket)) throw new Error(ANSWERED_TWICE);
	setAnswered(socket, server);
	afterEarlierResponses(socket, () => {
		const context = enterContext(request, head);
		const { response, release } = createUpgradeResponse(request, socket, context);
		release();
		admit(host, request, response, context, () => dispatch(request, response));
	});
}

/**
 * Passes a handshake with an unknown path through the host's pipeline. The host may mount the site
 * below a path, or rewrite the path. The response is held until the site takes the handshake,
 * because another listener may still take it.
 */
export function answerHeld(
	{ host, dispatch, server }: Answering,
	isTaken: () => boolean,
	request: IncomingMessage,
	socket: Duplex,
	head: Buffer,
): void {
	const context = enterContext(request, head);
	const { response, release, drop } = createUpgradeResponse(request, socket, context);
	const answer = (): void => {
		stopWaiting();
		context.held = undefined;
		setAnswered(socket, server);
		release();
	};
	const lose = (): void => {
		stopWaiting();
		context.held = undefined;
		context.isLost = true;
		drop();
	};
	const stopWaiting = whenLeft(
		host,
		isTaken,
		socket,
		() => {
			answer();
			context.giveUp?.();
		},
		lose,
	);
	context.held = {
		isTakenByAnswer: false,
		take() {
			if (isTaken() || socket.destroyed) lose();
			else answer();
			return !context.ended;
		},
		admit: () =>
			new Promise((resolve) => {
				response.once('close', () => resolve(false));
				admit(host, request, response, context, () => resolve(true));
			}),
	};
	try {
		dispatch(request, response);
	} catch (error) {
		const subject = subjectOf(request, context);
		host.report('A request handler failed on a WebSocket handshake', error, subject);
		if (!response.headersSent) refuse(response, FAILED);
	}
}

function enterContext(request: IncomingMessage, head: Buffer): UpgradeContext {
	request.url = requestPath(request);
	const context: UpgradeContext = { path: request.url, head, prepared: undefined, ended: false };
	setUpgradeContext(request, context);
	return context;
}

/**
 * Waits for an upgrade that was left to other listeners, in case none of them takes it.
 *
 * @param proceed Called if no listener has taken it within `handshakeTimeout`.
 * @param lose Called if a listener has taken it, or the client has left.
 * @returns A function that ends the wait.
 */
export function whenLeft(
	{ options: { handshakeTimeout } }: Host,
	isTaken: () => boolean,
	socket: Duplex,
	proceed: () => void,
	lose: () => void = ignore,
): () => void {
	const clientEnded = (): void => {
		if (!isTaken()) socket.destroy();
	};
	const timer =
		handshakeTimeout > 0
			? setTimeout(() => {
					stop();
					if (isTaken()) lose();
					else proceed();
				}, handshakeTimeout)
			: undefined;
	const closed = (): void => {
		stop();
		lose();
	};
	const stop = (): void => {
		clearTimeout(timer);
		socket.off('end', clientEnded);
		socket.off('close', closed);
	};
	socket.once('end', clientEnded);
	socket.once('close', closed);
	return stop;
}

/** Answers with a refusal, without asking the site. */
export function refusing(host: Host, refusal: Refusal): Answering {
	return { host, dispatch: (_request, response) => refuse(response, refusal) };
}

function ignore(): void {}
