/**
 * Code that a site may write without a cast, and code that must be an error. This file is compiled,
 * never run.
 */
import type { APIContext } from 'astro';
import node from 'zastro-websockets-node';
import { getConnectionId, getConnectionManager } from 'zastro-websockets-node/connection-manager';
import type {
	AstroWebSocket,
	AstroWebSocketMessageEvent,
	UpgradeWebSocketOptions,
} from 'zastro-websockets-node/websocket';

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
	socket.onmessage = keepsListener;
	keep(socket);
	pump(socket);
	return response;
}

/** Libraries expect the DOM type. */
function pump(socket: WebSocket): void {
	socket.onclose = function ({ code }) {
		this.send(code.toFixed());
	};
	socket.addEventListener('message', ({ data }: MessageEvent<string>) => socket.send(data));
}

function keepsListener(this: AstroWebSocket, { data }: AstroWebSocketMessageEvent): void {
	this.send(data);
}

export function misuses({ locals }: APIContext): void {
	// @ts-expect-error This option does not exist.
	locals.upgradeWebSocket({ protocols: ['chat'] });
	// @ts-expect-error Only the adapter sets it.
	locals.isUpgradeRequest = 'yes';
	// @ts-expect-error This event does not exist.
	locals.upgradeWebSocket().socket.onpong = null;
	// @ts-expect-error `data` must be an object.
	locals.upgradeWebSocket({ data: 'ada' });
}

export const configured = node({
	mode: 'standalone',
	websocket: { maxPayload: 64 * 1024, allowedOrigins: ['https://app.example'] },
});

// @ts-expect-error `maxPayload` must be a number.
export const misconfigured = node({ mode: 'standalone', websocket: { maxPayload: '64 KiB' } });

export const manager = getConnectionManager({
	maxConnections: 5000,
	customCleanupPolicy: async ({ tags, age }) => tags.has('trial') && age > 600_000,
})
	.on('connection:removed', ({ connection, code }) => connection.id.trim() + code.toFixed())
	.on('pool:full', async ({ ip, most }) => ip.trim() + most.toFixed())
	.on('ratelimit:exceeded', (ip, attempts, { most }) => ip.trim() + (attempts - most).toFixed());

export function manages(socket: AstroWebSocket): string[] {
	const id: string | undefined = getConnectionId(socket);
	const closed: number = manager.closeConnections({ idleMoreThan: 60_000, tags: ['trial'] });
	return manager.getConnectionsByTag(`${id} ${closed}`).map(({ socket: { url } }) => url);
}

export function mismanages(): void {
	// @ts-expect-error This event does not exist.
	manager.on('connection:opened', () => {});
	// @ts-expect-error The second argument is a number.
	manager.on('ratelimit:exceeded', (_ip, attempts) => attempts.trim());
	// @ts-expect-error The key is missing.
	manager.setConnectionData('id', { user: 'ada' });
	// @ts-expect-error The option is called `closeCode`.
	manager.shutdown({ code: 4000 });
	// @ts-expect-error The code is a number.
	manager.on('connection:removed', ({ code }) => code.trim());
	// @ts-expect-error This filter does not exist.
	manager.closeConnections({ tag: 'trial' });
	// @ts-expect-error A policy must return a boolean.
	getConnectionManager({ customCleanupPolicy: () => 'yes' });
}

function keep(_socket: AstroWebSocket): void {}
