// A device: it sends what it measures, and heats as it is told.
// It is a plain WebSocket client. Any language with a WebSocket and JSON can do the same.
//
// DEVICE_TOKEN=… node scripts/device.mjs http://localhost:4321 boiler

const [site = 'http://localhost:4321', name = 'boiler'] = process.argv.slice(2);
const url = new URL(`/_realtime/devices/${encodeURIComponent(name)}`, site);
url.protocol = url.protocol.replace('http', 'ws');
// Node, Bun and Deno take headers here. In a browser, WebSocket has none.
const options = { headers: { Authorization: `Bearer ${process.env.DEVICE_TOKEN}` } };

/** Milliseconds between two readings, and of silence until the device asks, and gives up. */
const PACE = 1000;
const QUIET = 20_000;
const DEAD = 40_000;
/** The longest wait before the next attempt, in milliseconds. */
const LONGEST_WAIT = 30_000;

let celsius = 18;
let target = 20;
let failures = 0;

function connect() {
	const socket = new WebSocket(url, options);
	let heard = Date.now();
	let asked = 0;

	const send = (message) =>
		socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message));

	function ask() {
		asked = Date.now();
		send({ type: 'ask', id: 'target' });
	}

	const timer = setInterval(() => {
		const now = Date.now();
		// A dead connection does not tell that it is dead.
		if (now - heard > DEAD) return end();
		if (now - Math.max(heard, asked) > QUIET) ask();
		const isHeating = celsius < target;
		celsius += isHeating ? 0.3 : -0.1;
		send({ type: 'measured', data: { celsius, isHeating } });
	}, PACE);

	function end() {
		clearInterval(timer);
		socket.removeEventListener('close', end);
		socket.close();
		// Not all devices at once, after a restart of the server.
		const wait = Math.random() * Math.min(LONGEST_WAIT, PACE * 2 ** failures);
		failures += 1;
		console.error(`no connection, next attempt in ${Math.ceil(wait / 1000)} s`);
		setTimeout(connect, wait);
	}

	socket.addEventListener('open', () => {
		failures = 0;
		ask();
	});
	socket.addEventListener('message', ({ data }) => {
		heard = Date.now();
		const message = JSON.parse(data);
		if (message.error) console.error(message.error);
		// An order, or the answer to `ask`, which is null where nobody has set a target.
		else if (message.data && (message.type === 'target' || message.reply === 'target')) {
			target = message.data.celsius;
			console.log(`target ${target}`);
		}
	});
	socket.addEventListener('error', ({ message }) => console.error(message));
	socket.addEventListener('close', end);
}

connect();
