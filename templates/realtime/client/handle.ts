import { isTooDeep } from '../protocol/depth.ts';
import type { Data } from '../protocol/frame-content.ts';
import { listenUntil, onAbort } from './abort.ts';
import type { Clock } from './clock.ts';
import { failure } from './failure.ts';
import type { Participant, Sending } from './participant.ts';
import { call } from './report.ts';
import { closedError, type Room } from './room.ts';
import { createStore } from './store.ts';
import type {
	EventContext,
	Handle,
	JoinOptions,
	ListenOptions,
	Member,
	Presence,
	SendOptions,
	Status,
} from './types.ts';

const SEND_TIMEOUT = 20_000;
/** The messages of a client that wait for a connection. */
const BUFFER_SIZE = 100;
/** The time after the last listener has gone until the handle leaves. */
const IDLE_TIMEOUT = 1_000;

/** What a handle asks of its client. */
export interface HandleHost {
	readonly clock: Clock;
	/** The messages of all handles that are not answered. */
	readonly unanswered: Set<Sending>;
	/** Adds a handle to the room of its channel. Undefined on a server, where handles do nothing. */
	enter(participant: Participant): Room | undefined;
	exit(participant: Participant, room: Room): void;
	/** What ends the handles that are in a room. */
	readonly leavers: Set<() => void>;
}

type Listener = (data: unknown, context: EventContext) => void;

export function createHandle(
	host: HandleHost,
	{ since, presence: own, onGap, signal }: JoinOptions,
): Handle {
	// `getAttribute()` gives null.
	const isNumber = since !== null && typeof since === 'object';
	// The server would close the connection for good.
	if (isNumber ? !(since.last >= 0) : !/^[\w.-]{0,64}$/.test(since ?? '')) {
		throw new TypeError('`since` is no position.');
	}
	jsonOf(own);
	const { clock, unanswered } = host;
	const listeners = new Map<string, Set<{ readonly listener: Listener }>>();
	let room: Room | undefined;
	let isLeft = false;
	/** Listeners, and messages under way. */
	let uses = 0;
	/** A handle that nothing ever listened to stays until `leave()`. */
	let wasHeard = false;
	let cancelIdle = (): void => {};

	function enter(): void {
		if (isLeft || room !== undefined) return;
		room = host.enter(participant);
		if (room !== undefined) host.leavers.add(leave);
	}

	function exit(): void {
		host.leavers.delete(leave);
		if (room === undefined) return;
		host.exit(participant, room);
		room = undefined;
		status.set({ state: 'closed' });
	}

	function use(): () => void {
		uses++;
		cancelIdle();
		enter();
		return () => {
			if (--uses > 0 || !wasHeard) return;
			cancelIdle();
			cancelIdle = clock.after(IDLE_TIMEOUT, exit);
		};
	}

	function listen(): () => void {
		wasHeard = true;
		return use();
	}

	const status = createStore<Status>({ state: 'connecting' }, listen);
	const members = createStore<readonly Member[]>([], listen);
	const count = createStore<number>(0, listen);
	const participant: Participant = {
		// An attribute of a page without a position is empty.
		position: isNumber ? undefined : since || undefined,
		last: isNumber ? Math.min(Math.floor(since.last), Number.MAX_SAFE_INTEGER) : undefined,
		presence: own,
		onGap,
		status,
		members,
		count,
		take(name, data, context) {
			for (const entry of [...(listeners.get(name) ?? [])]) {
				if (listeners.get(name)?.has(entry)) call(entry.listener, data, context);
			}
		},
	};

	function on(event: string, listener: Listener, options?: ListenOptions): () => void {
		if (isLeft) return () => {};
		const entries = listeners.get(event) ?? new Set();
		listeners.set(event, entries);
		const entry = { listener };
		entries.add(entry);
		const release = listen();
		return listenUntil(options?.signal, () => {
			if (entries.delete(entry)) release();
		});
	}

	async function send(
		name: string,
		value?: unknown,
		{ timeout = SEND_TIMEOUT, signal: aborted }: SendOptions = {},
	): Promise<unknown> {
		aborted?.throwIfAborted();
		if (isLeft) throw closedError();
		const data = dataOf(value);
		const release = use();
		try {
			return await deliver(name, data, timeout, aborted);
		} finally {
			release();
		}
	}

	function deliver(
		name: string,
		data: Data,
		timeout: number,
		aborted: AbortSignal | undefined,
	): unknown {
		// A handle of a server does nothing.
		if (room === undefined) return new Promise(() => {});
		const entered = room;
		const refusal = entered.refusal();
		if (refusal !== undefined) throw refusal;
		if (entered.isEphemeral(name)) return entered.cast(name, data);
		if (!entered.isJoined() && unanswered.size >= BUFFER_SIZE) {
			throw failure('TOO_MANY_REQUESTS', `${BUFFER_SIZE} messages wait for a connection.`);
		}
		return new Promise((resolve, reject) => {
			function settle(): void {
				cancelTimeout();
				unlisten();
				unanswered.delete(sending);
				entered.settled(sending);
			}
			const sending: Sending = {
				sender: participant,
				name,
				data,
				id: 0,
				isLost: false,
				resolve(result) {
					settle();
					resolve(result);
				},
				reject(error) {
					settle();
					reject(error);
				},
			};
			const cancelTimeout = clock.after(timeout, () =>
				sending.reject(failure('TIMEOUT', `\`${name}\` was not answered within ${timeout} ms.`)),
			);
			const unlisten = onAbort(aborted, () => sending.reject(aborted?.reason));
			unanswered.add(sending);
			entered.send(sending);
		});
	}

	function leave(): void {
		isLeft = true;
		cancelIdle();
		unlistenSignal();
		listeners.clear();
		exit();
		if (status.value.state !== 'closed') status.set({ state: 'closed' });
		if (members.value.length > 0) members.set([]);
		count.set(0);
	}

	const presence: Presence = Object.assign(members, {
		count,
		update(data: unknown) {
			jsonOf(data);
			participant.presence = data;
			room?.updatePresence(data);
		},
	});

	const unlistenSignal = onAbort(signal, leave);
	if (signal?.aborted) leave();
	else enter();
	return {
		get position() {
			return participant.position;
		},
		status,
		presence,
		on: on as Handle['on'],
		send: send as Handle['send'],
		leave,
	};
}

/** JSON is written, and bytes are copied, when they are sent: what changes them later is too late. */
function dataOf(value: unknown): Data {
	if (value instanceof ArrayBuffer) return new Uint8Array(value.slice(0));
	if (ArrayBuffer.isView(value)) {
		return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
	}
	return jsonOf(value);
}

/** @throws if the server would close the connection because of the value. */
function jsonOf(value: unknown): string | undefined {
	const json = JSON.stringify(value) as string | undefined;
	// In a frame, and in the options of a join.
	if (isTooDeep(`[[${json}]]`)) {
		throw failure('BAD_REQUEST', 'The data is nested too deep.');
	}
	return json;
}
