// Reports the page's results to the journal, where the test waits for them.
const { searchParams } = new URL(location.href);
const site = searchParams.get('site') ?? location.host;

/** Resolves with the first message, or with the way in which the connection ended. */
function visit(path, protocols, first) {
	return new Promise((resolve) => {
		const socket = new WebSocket(`ws://${site}${path}`, protocols);
		let failed = '';
		socket.onopen = () => first !== undefined && socket.send(first);
		socket.onmessage = ({ data }) => resolve({ data, socket });
		socket.onerror = () => {
			failed = 'error ';
		};
		socket.onclose = ({ code, reason }) => resolve({ data: `${failed}${code} ${reason}`, socket });
	});
}

const checks = {
	text: async () => (await visit('/echo', [], 'žluťoučký')).data,
	binary: async () => {
		const { data } = await visit('/echo', [], new Uint8Array([1, 2, 3]));
		return `${data.constructor.name} ${new Uint8Array(await data.arrayBuffer()).join()}`;
	},
	sentCookie: async () => (await visit('/authenticated')).data,
	receivedCookie: async () => {
		const { data } = await visit('/headers-and-hello');
		return `${data} ${document.cookie.split('; ').sort().join(' ')}`;
	},
	protocol: async () => {
		const { data, socket } = await visit('/protocol?choose=two', ['one', 'two']);
		return `${data} ${socket.protocol}`;
	},
	noProtocol: async () => (await visit('/protocol', ['one', 'two'])).data,
	rejected: async () => (await visit('/reject')).data,
	closed: async () => (await visit('/closing', [], 'close, please')).data,
	failed: async () => (await visit('/faulty', [], 'fail')).data,
};

const seen = {};
for (const name of (searchParams.get('checks') ?? Object.keys(checks).join()).split(',')) {
	seen[name] = await checks[name]();
}
await fetch(`/journal/${searchParams.get('journal')}`, {
	method: 'POST',
	headers: { 'content-type': 'application/json' },
	body: JSON.stringify(seen),
});
