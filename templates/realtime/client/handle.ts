import { onAbort } from './base/abort.ts';
import { dataOf } from './base/data.ts';
import { closed } from './base/failure.ts';
import { BUFFER_SIZE, IDLE_TIMEOUT, MOST_MESSAGES, SEND_TIMEOUT } from './base/limits.ts';
import { createListeners } from './base/listeners.ts';
import { createStore } from './base/store.ts';
import type {
	EventContext,
	Handle,
	JoinOptions,
	ListenOptions,
	SendOptions,
	Status,
} from './base/types.ts';
import { CLOSED } from './connection.ts';
import { type Participant, positionOf } from './participant.ts';
import type { HandleRoom, Shared } from './room.ts';

type Listener = (data: unknown, context: EventContext) => void;

/** @param find Gives the room of the channel. */
export function createHandle(
	{ clock, presence: part }: Pick<Shared, 'clock' | 'presence'>,
	find: () => HandleRoom,
	{ since, presence: own, onGap = () => {}, signal }: JoinOptions,
): Handle {
	// `getAttribute()` gives null.
	const last = (since as { readonly last?: number } | null | undefined)?.last;
	// The server would close the connection for good.
	if (last !== undefined && !(last >= 0)) throw new TypeError('`last` must be a number.');
	let room: HandleRoom | undefined;
	let isLeft: boolean | undefined;
	/** Listeners, and messages under way. */
	let uses = 0;
	/** A handle that nothing ever listened to stays until `leave()`. */
	let wasHeard: boolean | undefined;
	let cancelIdle = (): void => {};

	function enter(): void {
		if (isLeft || room) return;
		room = find();
		room.add(participant);
	}

	function exit(): void {
		room?.remove(participant);
		room = undefined;
		status.set(CLOSED);
	}

	function use(): () => void {
		uses++;
		cancelIdle();
		enter();
		return () => {
			if (!--uses && wasHeard) cancelIdle = clock.after(IDLE_TIMEOUT, exit);
		};
	}

	function listen(): () => void {
		wasHeard = true;
		return use();
	}

	const listeners = createListeners<Parameters<Participant['take']>>(listen);
	/** Messages that wait for a listener: for the first one, or for one after the last. */
	const early: Parameters<Participant['take']>[] = [];
	const status = createStore<Status>({ state: 'connecting' }, listen);
	const presence = part?.ofHandle(own, listen, () => room);
	const participant: Participant = {
		// An attribute of a page without a position is empty.
		since: last === undefined ? (since as string) || undefined : Math.min(last, MOST_MESSAGES) | 0,
		onGap,
		status,
		presence,
		take(...message) {
			early.push(message);
			flush();
			// Nobody may ever listen.
			if (early.length > BUFFER_SIZE) early.shift();
		},
		leave,
	};

	/** Those that wait come before a message that follows them in the same task. */
	function flush(): void {
		while (listeners.size && early.length) {
			listeners.tell(...(early.shift() as Parameters<Participant['take']>));
		}
	}

	async function send(
		name: string,
		value?: unknown,
		{ timeout = SEND_TIMEOUT, signal: ending }: SendOptions = {},
	): Promise<unknown> {
		if (ending?.aborted) throw ending.reason;
		if (isLeft) throw closed();
		const data = dataOf(value);
		const release = use();
		try {
			return await room?.send(participant, name, data, timeout, ending);
		} finally {
			release();
		}
	}

	function leave(): void {
		isLeft = true;
		unlistenSignal();
		listeners.off();
		cancelIdle();
		exit();
		presence?.show([], 0);
	}

	const unlistenSignal = onAbort(signal, leave);
	if (signal?.aborted) leave();
	else enter();
	return {
		get position() {
			return positionOf(participant);
		},
		status,
		presence: presence?.store as Handle['presence'],
		on: ((event: string, listener: Listener, options?: ListenOptions) => {
			// Those that begin to listen in the same task get them as well.
			queueMicrotask(flush);
			return listeners.listen((name, data, context) => {
				if (name === event) listener(data, context);
			}, options?.signal);
		}) as Handle['on'],
		send: send as Handle['send'],
		leave,
	};
}
