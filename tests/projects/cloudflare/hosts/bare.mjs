// The benchmark's baseline Worker: an echo as in Cloudflare's documentation.
export default {
	fetch() {
		const { 0: client, 1: server } = new WebSocketPair();
		server.binaryType = 'arraybuffer';
		server.accept();
		server.addEventListener('message', ({ data }) => server.send(data));
		return new Response(null, { status: 101, webSocket: client });
	},
};
