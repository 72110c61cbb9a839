import type { OnError, SelectProtocol, VerifyClient } from 'zastro-websockets-node/websocket';
import { failures } from './failures';

/** Accepts only clients with a token. */
export const verifyClient: VerifyClient = ({ request }) => request.headers.has('X-Token');

/** Called `handleProtocols` in Fastify's plugin. */
export const selectProtocol: SelectProtocol = (protocols) =>
	protocols.find((protocol) => protocol === 'chat');

/** Called `errorHandler` in Fastify's plugin. */
export const onError: OnError = ({ error, socket, request }) => {
	failures.push(`${error} ${request?.url} ${request?.headers.get('X-Token')}`);
	socket?.close();
};
