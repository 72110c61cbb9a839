import type { OnError, SelectProtocol, VerifyClient } from 'zastro-websockets-node/websocket';
import { record } from './journal';

export const verifyClient: VerifyClient = async ({ request, clientAddress, protocols }) => {
	switch (request.headers.get('x-verify')) {
		case 'false':
			return false;
		case 'response':
			return new Response(`${clientAddress} ${protocols}`, { status: 418 });
		case 'address':
			return new Response(request.url, { status: 418 });
		case 'throw':
			throw new Error('thrown by the hook');
	}
	return true;
};

export const selectProtocol: SelectProtocol = (protocols) => protocols.at(-1);

export const onError: OnError = ({ error }) => {
	record('hook-errors', error instanceof Error ? error.message : 'no error');
};
