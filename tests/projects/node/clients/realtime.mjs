// The packaged client outside of a page: `realtime.mjs <origin>`. Prints what it has seen.
import { createClient } from 'zastro-websockets-node/client';

const [origin] = process.argv.slice(2);
const room = 'packaged client';

const client = createClient({
	url: `${origin}/_realtime`,
	headers: { 'x-user': 'ada-packaged' },
});

const history = await fetch(`${origin}/realtime/history`, {
	method: 'POST',
	headers: { 'content-type': 'application/json' },
	body: JSON.stringify({ room, last: 1 }),
});
const { position } = await history.json();

/** A part of a page that joins with the position of the page, whenever it is loaded. */
function join() {
	const seen = [];
	const gaps = [];
	const handle = client.channels
		.rooms({ room })
		.join({ since: position, onGap: ({ reason }) => gaps.push(reason) });
	handle.on('said', ({ text }) => seen.push(text));
	handle.on('drawn', (bytes) => seen.push([...bytes]));
	return { handle, seen, gaps };
}

/** Resolves when all have seen as much. */
async function seen(count, ...all) {
	while (!all.every((one) => one.seen.length >= count)) {
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

const early = join();
const { length } = await early.handle.send('say', { text: 'one' });
await early.handle.send('say', { text: 'two' });
const late = join();
await seen(2, early, late);
await early.handle.send('draw', new Uint8Array([1, 2, 255]));
await seen(3, early, late);
const error = await early.handle.send('say', { text: 3 }).catch((reason) => reason);
const refused = client.channels.private({ owner: 'bob' }).join();
const status = await new Promise((resolve) => {
	refused.status.subscribe((value) => value.state === 'refused' && resolve(value));
});
early.handle.leave();
await late.handle.send('say', { text: 'four' });
await seen(4, late);

/** Another client of this server, with the id of its user and the states of its stores. */
async function other(options) {
	const { channels, status, close } = createClient({ url: `${origin}/_realtime`, ...options });
	const open = channels.open().join();
	const user = await open.send('who');
	const isOutdated = [status, open.status].map(({ value }) => value.isOutdated ?? null);
	close();
	return { user, isOutdated };
}

console.log(
	JSON.stringify({
		length,
		early: early.seen,
		late: late.seen,
		gaps: [...early.gaps, ...late.gaps],
		error: [error.name, error.code, error.isInputError, error.fields],
		refused: status.error.name,
		byToken: await other({ auth: async () => 'ada-by-token' }),
		outdated: await other({ auth: 'ada-outdated', version: 'another' }),
	}),
);
// Nothing keeps the process alive.
client.close();
