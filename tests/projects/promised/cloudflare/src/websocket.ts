import type { OnError } from 'zastro-websockets-cloudflare/websocket';
import { failures } from './failures';

export const onError: OnError = ({ error, message, socket, request }) => {
	failures.push(`${request?.headers.get('X-Who')} ${socket?.readyState} ${error}`);
	console.error(message, error);
};
