import type { WebSocketLocals } from '../../locals/types.ts';
import type { Site } from '../../realtime/define/site.ts';
import { CHANNEL_QUERY, INBOX_QUERY, paramsIn } from '../../realtime/protocol/channel-query.ts';
import { NO_USER, PROTOCOL, UNKNOWN_VERSION } from '../../realtime/protocol/constants.ts';
import type { ErrorData } from '../../realtime/protocol/errors.ts';
import { joinError, NOT_JOINABLE, nobody } from '../../realtime/server/admission.ts';
import {
	type EndpointContext,
	type HandshakeOptions,
	readHandshake,
	refusePlain,
} from '../../realtime/server/handshake.ts';
import { findTarget, type Target, targetAt } from '../../realtime/server/targets.ts';
import { type Handover, writeHandover } from './base/handover.ts';
import type { ObjectStub } from './base/object-calls.ts';
import { channelName, userName } from './base/object-name.ts';
import { refuseOn } from './refused-client.ts';

export interface AnswerOptions extends HandshakeOptions {
	/** The object of a name. */
	objectOf(name: string): Pick<ObjectStub, 'fetch'>;
	/** A secret that no session has. */
	secret(): string;
}

/**
 * Answers a request to the realtime endpoint: asks the site, and hands the client over to the object
 * of its channel. A client that is refused does not reach an object.
 *
 * @param loaded Undefined if the site's files could not be loaded.
 */
export async function answer(
	context: EndpointContext,
	loaded: Site | undefined,
	options: AnswerOptions,
): Promise<Response> {
	const handshake = await readHandshake(context, loaded, options);
	if (!('kind' in handshake)) return handshake;
	// Without a site every client is refused.
	const site = loaded as Site;
	const locals = context.locals as WebSocketLocals;
	if (handshake.kind === 'unknown version') {
		return closed(locals, handshake.protocol, UNKNOWN_VERSION, `This server speaks ${PROTOCOL}.`);
	}
	const { kind, user } = handshake;
	const query = context.url.searchParams;
	if (kind === 'protocol' && query.has(INBOX_QUERY)) {
		if (user === undefined) {
			return closed(locals, PROTOCOL, NO_USER, 'There is no user, so there is no inbox.');
		}
		return await handOver(
			userName(user.id),
			{ kind, user, allowed: undefined },
			options,
			refusePlain,
		);
	}
	const target = kind === 'plain' ? targetAt(site, handshake.segments) : targetIn(site, query);
	const fail = (error: ErrorData): Response =>
		kind === 'plain' ? refusePlain(error) : refuse(locals, site, options, error);
	try {
		// Takes as many turns for a channel that does not exist.
		const allowed = await (target === undefined
			? nobody()
			: target.definition.authorize({ user, params: target.params }));
		if (target === undefined || allowed === undefined) return fail(NOT_JOINABLE);
		return await handOver(channelName(target.key), { kind, user, allowed }, options, fail);
	} catch (error) {
		return fail(joinError(error));
	}
}

/** The channel that a client of the protocol names in its query, as its `join` will. */
function targetIn(site: Site, query: URLSearchParams): Target | undefined {
	return findTarget(site, query.get(CHANNEL_QUERY) ?? '', new Map(paramsIn(query)));
}

async function handOver(
	name: string,
	handover: Omit<Handover, 'version'>,
	{ objectOf, report }: AnswerOptions,
	fail: (error: ErrorData) => Response,
): Promise<Response> {
	try {
		const response = await objectOf(name).fetch(writeHandover(handover));
		// A Response of `fetch` may be read once, also one that is not used.
		if (response.status === 101) return response;
		throw new Error(`Its status is ${response.status}.`);
	} catch (error) {
		report('A realtime object cannot be reached', error);
	}
	return fail(UNAVAILABLE);
}

/** Accepts a client, to tell it why it is closed. */
function closed(locals: WebSocketLocals, protocol: string, code: number, reason: string): Response {
	const { socket, response } = locals.upgradeWebSocket({ protocol });
	socket.close(code, reason);
	return response;
}

/** Accepts a client of the protocol, to tell it that its join is refused. */
function refuse(
	locals: WebSocketLocals,
	{ version }: Site,
	{ secret }: AnswerOptions,
	error: ErrorData,
): Response {
	const { socket, response } = locals.upgradeWebSocket({ protocol: PROTOCOL });
	refuseOn(socket, error, { session: secret(), version });
	return response;
}

const UNAVAILABLE: ErrorData = {
	code: 'SERVICE_UNAVAILABLE',
	message: 'The channel cannot be reached.',
	retryAfter: 5000,
};
