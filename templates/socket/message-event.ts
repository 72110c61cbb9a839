import {
	AT_TARGET,
	CURRENT_TARGET,
	type Dispatched,
	IS_IN_PASSIVE,
	IS_STOPPED,
	TARGET,
} from './dispatch.ts';
import type { AstroWebSocketData, AstroWebSocketMessageEvent } from './types.ts';

interface MessageEventClass {
	new (data: AstroWebSocketData): AstroWebSocketMessageEvent;
	readonly prototype: object;
}

/**
 * A `message` event that the runtime's own `MessageEvent` has no part in, but for being its prototype:
 * making one takes every runtime longer than everything else that is done for a small message. It can
 * be dispatched on sockets only.
 */
export const SocketMessageEvent: MessageEventClass = class implements Dispatched {
	[TARGET]: EventTarget | null = null;
	[CURRENT_TARGET]: EventTarget | null = null;
	[IS_STOPPED] = false;
	[IS_IN_PASSIVE] = false;
	readonly data: AstroWebSocketData;
	declare cancelBubble: boolean;

	constructor(data: AstroWebSocketData) {
		this.data = data;
	}

	get target(): EventTarget | null {
		return this[TARGET];
	}

	get srcElement(): EventTarget | null {
		return this[TARGET];
	}

	get currentTarget(): EventTarget | null {
		return this[CURRENT_TARGET];
	}

	get eventPhase(): 0 | 2 {
		return this[CURRENT_TARGET] ? AT_TARGET : 0;
	}

	/** That of the socket. */
	get origin(): string {
		return new URL((this[TARGET] as WebSocket).url).origin;
	}

	/** When it was first asked for: hardly anybody does, and a look at the clock takes its time. */
	get timeStamp(): number {
		const value = performance.now();
		Object.defineProperty(this, 'timeStamp', { value });
		return value;
	}

	composedPath(): EventTarget[] {
		const target = this[CURRENT_TARGET];
		return target ? [target] : [];
	}

	stopPropagation(): void {
		this.cancelBubble = true;
	}

	stopImmediatePropagation(): void {
		this.cancelBubble = this[IS_STOPPED] = true;
	}
} as unknown as MessageEventClass;

// What is always the same takes no memory of an event, and there is nothing to prevent or to initialise.
// Earlier releases of workerd, up to that of August 2026, require the second argument, and `data` in it.
const native = new MessageEvent('message', { data: null }) as unknown as Record<string, unknown>;
const prototype = SocketMessageEvent.prototype as Record<string, unknown>;
for (const name in native) {
	if (name in prototype) continue;
	const value = native[name];
	prototype[name] = typeof value === 'function' ? () => {} : value;
}
Object.setPrototypeOf(prototype, MessageEvent.prototype);
