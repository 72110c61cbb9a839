import assert from 'node:assert/strict';
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { once } from 'node:events';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { ServerWebSocket } from './socket.ts';
import { SocketController } from './socket-controller.ts';

/** A socket, used as an `EventTarget`. */
function target(report: (message: string, error?: unknown) => void = assert.fail): ServerWebSocket {
	return new SocketController({
		url: 'ws://example.com/',
		protocol: '',
		maxHeldBytes: 1024,
		runtime: { captureContext: () => new AsyncResource('Test') },
		report,
	}).socket;
}

/** A pseudorandom sequence that is the same for the same seed. */
function random(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
}

/**
 * Runs random steps on a target, the same for the same seed, and records the calls of its
 * listeners. Node's `EventTarget` differs from the standard in three points, which have tests of
 * their own. It forgets after the first listener that an event is being dispatched. It runs passive
 * listeners after `stopImmediatePropagation()`. It takes no boolean in `removeEventListener()`.
 */
function story(on: EventTarget, seed: number): unknown[] {
	const pick = random(seed);
	const seen: unknown[] = [];
	const types = ['open', 'message', 'custom'];
	const controllers = [new AbortController(), new AbortController()];
	const see = (name: string, self: unknown, event: Event): void => {
		const { target: to, srcElement } = event;
		seen.push([name, self === on, event.type, to === on, srcElement === on]);
	};
	const calm = [0, 1, 2].map(
		(index) =>
			function (this: unknown, event: Event): void {
				see(`calm ${index}`, this, event);
			},
	);
	const stopping = (event: Event): void => {
		see('stopping', on, event);
		event.stopImmediatePropagation();
	};
	const preventing = (event: Event): void => {
		see('preventing', on, event);
		event.preventDefault();
		seen.push(event.defaultPrevented);
	};
	const removing = (event: Event): void => {
		see('removing', on, event);
		for (const callback of calm) on.removeEventListener(event.type, callback);
	};
	const nesting = (event: Event): void => {
		see('nesting', on, event);
		if (event.type !== 'nested') on.dispatchEvent(new Event('nested'));
	};
	const object = {
		handleEvent(event: Event): void {
			see('object', this === object ? on : undefined, event);
		},
	};
	const callbacks = [...calm, stopping, preventing, removing, nesting, object];
	on.addEventListener('nested', calm[0] as EventListener);

	for (let step = 0; step < 60; step++) {
		const type = types[pick(types.length)] as string;
		const callback = callbacks[pick(callbacks.length)] as EventListener;
		const capture = pick(4) === 0;
		switch (pick(5)) {
			case 0:
				on.addEventListener(type, callback, capture);
				break;
			case 1: {
				const options = { capture, once: pick(3) === 0 };
				if (pick(4) > 0) {
					on.addEventListener(type, callback, options);
					break;
				}
				// A listener of its own: in Node, a signal also removes an equal listener that was
				// added before without one.
				const { signal } = controllers[pick(2)] as AbortController;
				const leaving = (event: Event): void => see(`leaving ${step}`, on, event);
				on.addEventListener(type, leaving, { ...options, signal });
				break;
			}
			case 2:
				on.removeEventListener(type, callback, { capture });
				break;
			case 3:
				if (pick(10) === 0) controllers[pick(2)]?.abort();
				break;
			default: {
				const event = new Event(type, { cancelable: pick(2) === 0 });
				seen.push(on.dispatchEvent(event), event.defaultPrevented);
				seen.push([event.target === on, event.currentTarget, event.eventPhase]);
				seen.push(event.composedPath());
			}
		}
	}
	return seen;
}

type EventListener = (event: Event) => void;

test('a socket behaves as a native EventTarget', () => {
	for (let seed = 0; seed < 500; seed++) {
		assert.deepEqual(story(target(), seed), story(new EventTarget(), seed), `seed ${seed}`);
	}
});

test('a socket passes for an EventTarget, and can be printed', async () => {
	const socket = target();
	assert.ok(socket instanceof EventTarget);
	assert.ok(Object.getPrototypeOf(socket.constructor) === EventTarget);
	assert.match(inspect(socket), /WebSocket/);
	const heard = once(socket, 'custom');
	const event = new Event('custom');
	socket.dispatchEvent(event);
	assert.deepEqual(await heard, [event]);
});

test('the state of a dispatch is visible to every listener, and is reset afterwards', () => {
	const socket = target();
	const phases: unknown[] = [];
	const note = (event: Event): void => {
		const { currentTarget, eventPhase } = event;
		phases.push([currentTarget === socket, eventPhase, event.composedPath()[0] === socket]);
	};
	socket.addEventListener('custom', note);
	socket.addEventListener('custom', note, true);
	const event = new Event('custom');
	socket.dispatchEvent(event);
	note(event);
	assert.deepEqual(phases, [
		[true, 2, true],
		[true, 2, true],
		[false, 0, false],
	]);
});

test('a passive listener cannot call preventDefault(), and does not run after stopImmediatePropagation()', () => {
	const socket = target();
	const seen: string[] = [];
	socket.addEventListener('custom', (event) => event.preventDefault(), { passive: true });
	assert.equal(socket.dispatchEvent(new Event('custom', { cancelable: true })), true);
	socket.addEventListener('stopped', (event) => event.stopImmediatePropagation());
	socket.addEventListener('stopped', () => seen.push('passive'), { passive: true });
	socket.dispatchEvent(new Event('stopped'));
	assert.deepEqual(seen, []);
});

test('a listener is removed by its type, its callback and its capture flag', () => {
	const socket = target();
	let calls = 0;
	const count = (): number => calls++;
	socket.addEventListener('custom', count, true);
	socket.addEventListener('custom', count, { capture: false });
	socket.removeEventListener('other', count);
	socket.removeEventListener('custom', count, true);
	socket.dispatchEvent(new Event('custom'));
	assert.equal(calls, 1);
	socket.removeEventListener('custom', count);
	socket.dispatchEvent(new Event('custom'));
	assert.equal(calls, 1);
});

test('a signal removes only the listener it was passed with', () => {
	const socket = target();
	const controller = new AbortController();
	const { signal } = controller;
	const seen: string[] = [];
	const note = ({ type }: Event): number => seen.push(type);
	socket.addEventListener('aborted', note, { signal });
	socket.addEventListener('added before', note);
	socket.addEventListener('added before', note, { signal });
	socket.addEventListener('added again', note, { signal });
	socket.removeEventListener('added again', note);
	socket.addEventListener('added again', note);
	controller.abort();
	socket.addEventListener('aborted', note, { signal });
	for (const type of ['aborted', 'added before', 'added again']) {
		socket.dispatchEvent(new Event(type));
	}
	assert.deepEqual(seen, ['added before', 'added again']);
});

test('a listener added during a dispatch does not run in it', () => {
	const socket = target();
	const seen: string[] = [];
	socket.addEventListener('custom', () => {
		seen.push('first');
		socket.addEventListener('custom', () => seen.push('added'), { once: true });
	});
	socket.addEventListener('custom', () => seen.push('second'));
	socket.dispatchEvent(new Event('custom'));
	assert.deepEqual(seen, ['first', 'second']);
});

test('an event can be dispatched again only after its dispatch has ended', () => {
	const [one, two] = [target(), new EventTarget()];
	const errors: unknown[] = [];
	const again = (event: Event): void => {
		for (const on of [one, two]) {
			try {
				on.dispatchEvent(event);
			} catch (error) {
				errors.push(error);
			}
		}
	};
	one.addEventListener('custom', again, { once: true });
	const event = new Event('custom');
	one.dispatchEvent(event);
	assert.equal((errors[0] as Error).name, 'InvalidStateError');
	two.addEventListener('native', again, { once: true });
	const native = new Event('native');
	two.dispatchEvent(native);
	assert.equal((errors.at(-2) as Error).name, 'InvalidStateError');

	// Each time the event has the current target.
	const targets: unknown[] = [];
	const note = ({ target: on, currentTarget }: Event): number => targets.push([on, currentTarget]);
	for (const on of [one, two]) on.addEventListener('moved', note);
	const moved = new Event('moved');
	one.dispatchEvent(moved);
	two.dispatchEvent(moved);
	assert.ok((targets as [unknown, unknown][])[0]?.every((on) => on === one));
	assert.ok((targets as [unknown, unknown][])[1]?.every((on) => on === two));
	assert.equal(moved.target, two);
});

test('an event dispatched on a socket and a native target in turn has the current target', () => {
	const [socket, native] = [target(), new EventTarget()];
	const event = new Event('custom');
	const targets: unknown[] = [];
	const errors: unknown[] = [];
	native.addEventListener('custom', () => {
		try {
			socket.dispatchEvent(event);
		} catch (error) {
			errors.push(error);
		}
	});
	for (const on of [socket, native]) {
		on.addEventListener('custom', ({ target: to }) => targets.push(to));
	}
	for (const on of [socket, native, socket]) on.dispatchEvent(event);
	assert.equal((errors[0] as Error | undefined)?.name, 'InvalidStateError');
	assert.ok(targets.length === 3 && targets[0] === socket);
	assert.ok(targets[1] === native && targets[2] === socket);
});

test('the constants and the event handler attributes live on the class and its prototype', () => {
	const socket = target();
	const { prototype } = ServerWebSocket;
	const constants = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const;
	for (const [name, value] of Object.entries(constants)) {
		assert.equal(Reflect.get(ServerWebSocket, name), value);
		assert.equal(Reflect.get(socket, name), value);
		assert.ok(Object.hasOwn(prototype, name));
	}
	const listener = (): void => {};
	for (const name of ['onopen', 'onmessage', 'onerror', 'onclose'] as const) {
		assert.equal(socket[name], null);
		socket[name] = listener;
		assert.equal(socket[name], listener);
		assert.ok(Object.hasOwn(prototype, name) && !Object.hasOwn(socket, name));
	}
});

test('an invalid event or listener throws TypeError', () => {
	const socket = target();
	assert.throws(() => socket.dispatchEvent({ type: 'open' } as Event), TypeError);
	assert.throws(() => socket.addEventListener('open', 5 as unknown as () => void), TypeError);
	socket.addEventListener('open', null);
	socket.addEventListener('close', () => {}, null as unknown as boolean);
	socket.removeEventListener('open', null);
	assert.equal(socket.dispatchEvent(new Event('open')), true);
});

test('a native message event can be dispatched on a socket', () => {
	const socket = target();
	let seen: unknown;
	socket.onmessage = (event) => {
		seen = event.data;
	};
	socket.dispatchEvent(new MessageEvent('message', { data: 'by hand' }));
	assert.equal(seen, 'by hand');
});

test('exceptions and rejections of listeners are reported, and the others still run', async () => {
	const reports: unknown[] = [];
	const socket = target((_message, error) => reports.push(error));
	const seen: string[] = [];
	socket.addEventListener('custom', () => {
		throw 'thrown';
	});
	socket.addEventListener('custom', async () => {
		throw 'rejected';
	});
	socket.addEventListener('custom', {
		handleEvent() {
			throw 'by an object';
		},
	});
	socket.addEventListener('custom', {} as { handleEvent(event: Event): void });
	socket.addEventListener('custom', () => seen.push('last'));
	socket.dispatchEvent(new Event('custom'));
	assert.deepEqual(seen, ['last']);
	await new Promise(setImmediate);
	assert.deepEqual([...reports].filter((report) => typeof report === 'string').sort(), [
		'by an object',
		'rejected',
		'thrown',
	]);
	assert.ok(reports.some((report) => report instanceof TypeError));
});

test('a listener runs in the asynchronous context of its addition', () => {
	const storage = new AsyncLocalStorage<string>();
	const socket = target();
	const seen: unknown[] = [];
	const note = (): number => seen.push(storage.getStore());
	storage.run('listener', () => socket.addEventListener('open', note));
	storage.run('attribute', () => {
		socket.onopen = note;
	});
	storage.run('dispatch', () => socket.dispatchEvent(new Event('open')));
	assert.deepEqual(seen, ['listener', 'attribute']);
});
