import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { ABNORMAL_CLOSURE, GOING_AWAY, SERVICE_RESTART } from '../../socket/close-codes.ts';
import type { Action, Place, Update } from '../report/events.ts';
import { MAX_BY_HAND, MAX_CLOSED } from '../report/limits.ts';
import { cut } from '../report/preview.ts';
import { hideInPath, hideTokens } from '../report/secrets.ts';
import { ChannelTable } from './channel-table.ts';
import { describeRefusal } from './refused.ts';
import { RowLog } from './row-log.ts';
import { shownPath } from './shown-path.ts';
import { Tap } from './tap.ts';
import { WatchedConnection } from './watched-connection.ts';

/** An error in code of the site. */
export interface Failure {
	readonly message: string;
	/** The error's own text, if there was an error. */
	readonly text: string;
	readonly place: Place | undefined;
}

/** Records the WebSocket connections of a dev server, as far as its memory is bounded. */
export class Recorder {
	readonly #run: string = randomUUID();
	readonly #log: RowLog = new RowLog();
	readonly #channels: ChannelTable = new ChannelTable();
	/** By their number. */
	readonly #connections: Map<number, WatchedConnection> = new Map();
	readonly #onChange: () => void;
	#count = 0;

	/** @param onChange Called after each change of what {@link Recorder.update} returns. */
	constructor(onChange: () => void) {
		this.#onChange = onChange;
	}

	/** The number of the last row. */
	get last(): number {
		return this.#log.last;
	}

	/** Records a handshake and its connection. */
	watch(request: IncomingMessage, socket: Duplex): void {
		const { url = '/' } = request;
		const path = shownPath(url);
		const start = performance.now();
		let connection: WatchedConnection | undefined;
		const tap: Tap = new Tap(socket, {
			accepted: (response) => {
				const protocol = response.header('sec-websocket-protocol') ?? '';
				connection = this.#open(tap, path, protocol);
				this.#add({
					kind: 'handshake',
					connection: connection.number,
					label: 'open',
					text: protocol === '' ? path : `${path} · ${protocol}`,
					duration: performance.now() - start,
				});
			},
			message: (to, message, isByHand) => {
				if (connection === undefined) return;
				for (const frame of connection.split(message)) {
					this.#add({
						connection: connection.number,
						to,
						size: frame.size,
						...connection.message(to, frame),
						...(isByHand && { isByHand }),
					});
				}
			},
			closed: (response) => {
				if (connection !== undefined) this.#close(connection);
				else {
					const { label, text, hint } = describeRefusal(hideInPath(url), response);
					this.#add({
						kind: 'handshake',
						label,
						text: `${path} · ${text}`,
						duration: performance.now() - start,
						hint,
						isBad: true,
					});
				}
			},
		});
	}

	/** Records an error in code of the site, or a warning of the package. */
	failed({ message, text, place }: Failure): void {
		const shown = text === '' ? message : `${message}: ${text}`;
		this.#add({ kind: 'error', label: 'error', text: cut(hideTokens(shown)), place, isBad: true });
	}

	/** Does what a person asks for in the inspector. */
	act(action: Action): void {
		const connection = this.#connections.get(action.connection);
		if (connection?.isOpen !== true) return;
		const { tap, frames } = connection;
		try {
			if (action.type === 'drop') tap.drop();
			// Realtime clients come back after the first one.
			else if (action.type === 'close') tap.close(frames ? SERVICE_RESTART : GOING_AWAY);
			else if (action.type === 'send') tap.send(action.to, action.text.slice(0, MAX_BY_HAND));
			else if (frames !== undefined && action.data.length <= MAX_BY_HAND) {
				tap.send('server', frames.say(action.channel, action.name, action.data));
			}
		} catch (error) {
			this.failed({ message: 'Not sent', text: String(error), place: undefined });
		}
	}

	/**
	 * The rows behind the one with this number, and the present state.
	 *
	 * @param run The run that the number is of.
	 */
	update(since: number, run: string | undefined = this.#run): Update {
		return {
			run: this.#run,
			rows: this.#log.after(run === this.#run ? since : 0),
			connections: [...this.#connections.values()].map(({ info }) => info),
			channels: this.#channels.infos,
		};
	}

	#open(tap: Tap, path: string, protocol: string): WatchedConnection {
		const number = ++this.#count;
		const connection = new WatchedConnection(number, tap, this.#channels, { path, protocol });
		this.#connections.set(number, connection);
		return connection;
	}

	#close(connection: WatchedConnection): void {
		const { number } = connection;
		const code = connection.closed();
		const isBad = code === ABNORMAL_CLOSURE;
		const text = isBad ? 'without a closing handshake' : '';
		this.#add({ kind: 'handshake', connection: number, label: `closed ${code}`, text, isBad });
		const closed = [...this.#connections.values()].filter(({ isOpen }) => !isOpen);
		for (const { number: old } of closed.slice(0, -MAX_CLOSED)) this.#connections.delete(old);
	}

	#add(row: Parameters<RowLog['add']>[0]): void {
		this.#log.add(row);
		this.#onChange();
	}
}
