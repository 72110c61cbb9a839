// The Worker that the benchmark compares with: an echo as Cloudflare's documentation writes it.
export default {
	fetch() {
		const { 0: client, 1: server } = new WebSocketPair();
		server.binaryType = 'arraybuffer';
		server.accept();
		server.addEventListener('message', ({ data }) => server.send(data));
		return new Response(null, { status: 101, webSocket: client });
	},
};
