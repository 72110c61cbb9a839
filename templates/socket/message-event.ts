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
 * A `message` event that only inherits from the native `MessageEvent`. In every runtime, creating a
 * native event takes longer than all other work for a small message. It can be dispatched on
 * sockets only.
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

	/** The origin of the socket's URL. */
	get origin(): string {
		return new URL((this[TARGET] as WebSocket).url).origin;
	}

	/** The time of the first access: hardly any code reads it, and reading the clock costs time. */
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

// Constant members live on the prototype, where they take no memory per event. The event is not
// cancelable and needs no initialisation, so its methods do nothing. workerd before the release of
// August 2026 requires the second argument, with `data` in it.
const native = new MessageEvent('message', { data: null }) as unknown as Record<string, unknown>;
const prototype = SocketMessageEvent.prototype as Record<string, unknown>;
for (const name in native) {
	if (name in prototype) continue;
	const value = native[name];
	prototype[name] = typeof value === 'function' ? () => {} : value;
}
Object.setPrototypeOf(prototype, MessageEvent.prototype);
