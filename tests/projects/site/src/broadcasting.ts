import type { APIContext } from 'astro';

type Socket = ReturnType<App.Locals['upgradeWebSocket']>['socket'];

/** `broadcast` of the package for each runtime. */
type Broadcast = (sockets: Iterable<Socket>, data: string | Uint8Array | Blob) => void;

/** Mixes `send()` and `broadcast()` at the first message, and before and after the socket is open. */
export function broadcasting({ locals }: APIContext, broadcast: Broadcast): Response {
	const { socket, response } = locals.upgradeWebSocket();
	broadcast([socket], 'too early');
	socket.addEventListener('message', () => {
		const bytes = new Uint8Array([1, 2, 3]);
		socket.send('first');
		broadcast([socket, socket], 'twice');
		broadcast(new Set([socket]), bytes);
		bytes.fill(0);
		socket.send('between');
		broadcast([socket], new Blob(['blob']));
		broadcast([socket], 'behind the blob');
		socket.send('last');
		socket.close(1000, 'done');
		broadcast([socket], 'too late');
	});
	return response;
}
