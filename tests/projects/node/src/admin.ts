import type {
	ConnectionStats,
	ManagedConnectionJSON,
} from 'zastro-websockets-node/connection-manager';

/** A snapshot for an admin page, sent by the server. */
export interface Snapshot {
	/** Milliseconds on the server's clock. */
	readonly at: number;
	readonly stats: ConnectionStats;
	readonly connections: readonly ManagedConnectionJSON[];
}

/** The number of points in the chart. */
const POINTS = 120;

/** Shows the snapshots from a socket, and asks it to close the clicked connections. */
export function show(socket: WebSocket): void {
	const open: number[] = [];
	const messages: number[] = [];
	let before: Snapshot | undefined;
	socket.addEventListener('message', ({ data }) => {
		const snapshot: Snapshot = JSON.parse(data);
		const rate = before === undefined ? 0 : perSecond(before, snapshot);
		before = snapshot;
		const { stats } = snapshot;
		write('open', stats.totalManagedConnections);
		write('messages', Math.round(rate));
		write('accepted', stats.accepted);
		write('rejected', stats.rejected);
		const engine = stats.realtime?.engine;
		if (engine !== undefined) write('engine', `${engine.name} ${engine.state}`);
		draw('open-line', open, stats.totalManagedConnections);
		draw('messages-line', messages, rate);
		element('connections').replaceChildren(
			...snapshot.connections.map((connection) => row(connection, socket)),
		);
	});
}

function perSecond(before: Snapshot, now: Snapshot): number {
	const all = ({ stats }: Snapshot): number => stats.messages.received + stats.messages.sent;
	return ((all(now) - all(before)) * 1000) / (now.at - before.at);
}

/** Scales each line to the height of the chart, so that both are visible. */
function draw(id: string, values: number[], value: number): void {
	values.push(value);
	if (values.length > POINTS) values.shift();
	const most = Math.max(1, ...values);
	const points = values.map((each, index) => `${index},${98 - (each / most) * 92}`);
	element(id).setAttribute('points', points.join(' '));
}

function row(connection: ManagedConnectionJSON, socket: WebSocket): HTMLElement {
	const { id, url, ip, tags, age, messages } = connection;
	const cells = [
		cell(id),
		cell(new URL(url).pathname),
		cell(ip),
		cell(tags.join(' ')),
		cell(`${Math.round(age / 1000)} s`, 'number'),
		cell(`${messages.received} / ${messages.sent}`, 'number'),
	];
	const button = document.createElement('button');
	button.textContent = 'Close';
	button.setAttribute('data-close', tags.join(' '));
	button.addEventListener('click', () => socket.send(id));
	const line = document.createElement('tr');
	const action = cell('');
	action.append(button);
	line.append(...cells, action);
	return line;
}

function cell(text: string, kind = ''): HTMLElement {
	const made = document.createElement('td');
	// Values from clients are inserted as text, never as markup.
	made.textContent = text;
	made.className = kind;
	return made;
}

function write(id: string, value: number | string): void {
	element(id).textContent = String(value);
}

function element(id: string): Element {
	const found = document.querySelector(`#${id}`);
	if (found === null) throw new Error(`The page has no #${id}.`);
	return found;
}
