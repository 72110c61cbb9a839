import assert from 'node:assert/strict';
import { test } from 'node:test';

test('the module loads if MessageEvent requires its data, as in earlier releases of workerd', async () => {
	const Native = globalThis.MessageEvent;
	globalThis.MessageEvent = class<T> extends Native<T> {
		constructor(type: string, init: MessageEventInit) {
			// workerd throws for a missing argument, and for a missing `data` in it.
			if (init?.data === undefined) throw new TypeError("Failed to construct 'MessageEvent'");
			super(type, init);
		}
	} as typeof Native;
	try {
		const { SocketMessageEvent } = await import('./message-event.ts');
		assert.equal(new SocketMessageEvent('hello').data, 'hello');
	} finally {
		globalThis.MessageEvent = Native;
	}
});
