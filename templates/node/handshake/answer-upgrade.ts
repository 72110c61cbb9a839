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
	'`upgrade()` was called for a connection that is already answered. Call it once for each `upgrade` event, and not beside an `attachWebSocket()` that takes the same handshakes.';

/** Who answers an upgrade, and how. */
export interface Answering {
	/** The site that answers. */
	readonly host: Host;
	/** Lets the upgrade run through the host's pipeline as an ordinary request. */
	dispatch(request: IncomingMessage, response: ServerResponse): void;
	/** The server that it came in by, if the site is attached to it. */
	readonly server?: object;
}

/**
 * Answers one handshake. The socket must have a listener for errors.
 *
 * @throws Error if the connection is answered already.
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
 * Lets a handshake on a path that the site does not know run through the host's pipeline, where the
 * site may be mounted below a path or be given another one. Until the site takes it, its answer is
 * held: another listener may still take it.
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
 * For an upgrade that was left to other listeners, which may not have wanted it either.
 *
 * @param proceed Called when the time for handshakes is over and nobody has taken it.
 * @param lose Called when somebody has, or when the client has left.
 * @returns What ends the wait.
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

/** Answers with a refusal, whatever the site would say. */
export function refusing(host: Host, refusal: Refusal): Answering {
	return { host, dispatch: (_request, response) => refuse(response, refusal) };
}

function ignore(): void {}
