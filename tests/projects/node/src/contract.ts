/**
 * What a site may write without a cast, and what has to be an error.
 * This file is compiled, never run.
 */
import type { APIContext } from 'astro';
import node from 'zastro-websockets-node';
import type { AstroWebSocket, UpgradeWebSocketOptions } from 'zastro-websockets-node/websocket';

export function uses({ locals }: APIContext): Response {
	const isUpgradeRequest: boolean = locals.isUpgradeRequest;
	const options: UpgradeWebSocketOptions = {
		protocol: 'chat',
		headers: [['X-Greeting', 'hello']],
		tags: [`upgrade-${isUpgradeRequest}`],
		data: { user: 'ada' },
	};
	const { socket, response } = locals.upgradeWebSocket(options);
	socket.binaryType = 'arraybuffer';
	socket.addEventListener('message', async ({ data }) => {
		socket.send(typeof data === 'string' ? data.toUpperCase() : data);
	});
	socket.addEventListener('close', ({ code, reason }) => code.toFixed() + reason.trim(), {
		once: true,
	});
	socket.onerror = function ({ error }) {
		this.close(4000, error?.message);
	};
	keep(socket);
	return response;
}

export function misuses({ locals }: APIContext): void {
	// @ts-expect-error There is no such option.
	locals.upgradeWebSocket({ protocols: ['chat'] });
	// @ts-expect-error It is set by the adapter.
	locals.isUpgradeRequest = 'yes';
	// @ts-expect-error There is no such event.
	locals.upgradeWebSocket().socket.onpong = null;
}

export const configured = node({
	mode: 'standalone',
	websocket: { maxPayload: 64 * 1024, allowedOrigins: ['https://app.example'] },
});

// @ts-expect-error The number of bytes is a number.
export const misconfigured = node({ mode: 'standalone', websocket: { maxPayload: '64 KiB' } });

function keep(_socket: AstroWebSocket): void {}
