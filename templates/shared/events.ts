import {
	AT_TARGET,
	CURRENT_TARGET,
	type Dispatched,
	IS_IN_PASSIVE,
	IS_STOPPED,
	TARGET,
} from './dispatch.ts';
import type {
	AstroWebSocketCloseEvent,
	AstroWebSocketData,
	AstroWebSocketErrorEvent,
	AstroWebSocketMessageEvent,
} from './types.ts';

export interface CloseDetails {
	readonly code: number;
	readonly reason: string;
	readonly wasClean: boolean;
}

/**
 * An event that a runtime's own `Event` has no part in, but for being its prototype: making one takes
 * every runtime longer than everything else that is done for a small message. It can be dispatched on
 * sockets only.
 */
class SocketEvent implements Dispatched {
	[TARGET]: EventTarget | null = null;
	[CURRENT_TARGET]: EventTarget | null = null;
	[IS_STOPPED] = false;
	[IS_IN_PASSIVE] = false;
	declare readonly type: string;
	declare cancelBubble: boolean;

	get target(): EventTarget | null {
		return this[TARGET];
	}

	get srcElement(): EventTarget | null {
		return this.target;
	}

	get currentTarget(): EventTarget | null {
		return this[CURRENT_TARGET];
	}

	get eventPhase(): 0 | 2 {
		return this.currentTarget === null ? 0 : AT_TARGET;
	}

	/** When it was first asked for: hardly anybody does, and a look at the clock takes its time. */
	get timeStamp(): number {
		const value = performance.now();
		Object.defineProperty(this, 'timeStamp', { value });
		return value;
	}

	composedPath(): EventTarget[] {
		const { currentTarget } = this;
		return currentTarget === null ? [] : [currentTarget];
	}

	stopPropagation(): void {
		this.cancelBubble = true;
	}

	stopImmediatePropagation(): void {
		this.cancelBubble = true;
		this[IS_STOPPED] = true;
	}

	/** There is nothing to prevent. */
	preventDefault(): void {}

	/** Deprecated in the DOM Standard, and there nevertheless. */
	initEvent(): void {}

	/** What is printed: Node would look for what only its own events have. */
	[Symbol.for('nodejs.util.inspect.custom')](): object {
		const { type, target } = this;
		return { type, ...Object.fromEntries(Object.entries(this)), target };
	}
}

class SocketMessageEvent extends SocketEvent {
	readonly data: AstroWebSocketData;

	constructor(data: AstroWebSocketData) {
		super();
		this.data = data;
	}

	/** That of the socket. */
	get origin(): string {
		return new URL((this.target as WebSocket).url).origin;
	}

	get ports(): [] {
		return [];
	}

	initMessageEvent(): void {}
}

class SocketCloseEvent extends SocketEvent implements CloseDetails {
	readonly code: number;
	readonly reason: string;
	readonly wasClean: boolean;

	constructor({ code, reason, wasClean }: CloseDetails) {
		super();
		this.code = code;
		this.reason = reason;
		this.wasClean = wasClean;
	}
}

class SocketErrorEvent extends SocketEvent {
	readonly error: Error;
	readonly message: string;

	constructor(error: Error) {
		super();
		this.error = error;
		this.message = error.message;
	}
}

// What is always the same takes no memory of an event.
Object.assign(SocketEvent.prototype, {
	bubbles: false,
	cancelable: false,
	cancelBubble: false,
	composed: false,
	defaultPrevented: false,
	isTrusted: false,
	returnValue: true,
});
Object.assign(SocketMessageEvent.prototype, { lastEventId: '', source: null });

/** What all events have, for those that are not below it. */
const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(SocketEvent.prototype);

/** Makes the events of a class the runtime's as well, by `instanceof`. It may lack `native`. */
function derive(
	{ prototype }: { readonly prototype: SocketEvent },
	type: string,
	native: { readonly prototype: object } = Event,
): void {
	Object.defineProperties(prototype, { ...members, type: { value: type } });
	Object.setPrototypeOf(prototype, native.prototype);
}

derive(SocketEvent, 'open');
derive(SocketMessageEvent, 'message', globalThis.MessageEvent);
derive(SocketCloseEvent, 'close', globalThis.CloseEvent);
derive(SocketErrorEvent, 'error');

// TypeScript does not see what prototypes they have.
export function openEvent(): Event {
	return new SocketEvent() as unknown as Event;
}

export function messageEvent(data: AstroWebSocketData): AstroWebSocketMessageEvent {
	return new SocketMessageEvent(data) as unknown as AstroWebSocketMessageEvent;
}

export function errorEvent(error: Error): AstroWebSocketErrorEvent {
	return new SocketErrorEvent(error) as unknown as AstroWebSocketErrorEvent;
}

export function closeEvent(details: CloseDetails): AstroWebSocketCloseEvent {
	return new SocketCloseEvent(details) as unknown as AstroWebSocketCloseEvent;
}
