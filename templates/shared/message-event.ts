import { AT_TARGET, DISPATCH, Dispatch, type Dispatched } from './dispatch.ts';
import type { AstroWebSocketData, AstroWebSocketMessageEvent } from './types.ts';

/**
 * A `message` event that a runtime's own `Event` has no part in, but for being its prototype: making
 * one takes every runtime longer than everything else that is done for a small message. It can be
 * dispatched on sockets only.
 */
class SocketMessageEvent implements Dispatched {
	declare readonly type: 'message';
	declare readonly lastEventId: '';
	declare readonly source: null;
	declare readonly bubbles: false;
	declare readonly cancelable: false;
	declare readonly composed: false;
	declare readonly defaultPrevented: false;
	declare readonly isTrusted: false;
	declare readonly returnValue: true;
	readonly [DISPATCH]: Dispatch = new Dispatch(null);
	readonly data: AstroWebSocketData;
	cancelBubble = false;
	readonly #url: string;
	#timeStamp: number | undefined;

	/** @param url That of the socket. */
	constructor(data: AstroWebSocketData, url: string) {
		this.data = data;
		this.#url = url;
	}

	get origin(): string {
		return new URL(this.#url).origin;
	}

	get ports(): [] {
		return [];
	}

	get target(): EventTarget | null {
		return this[DISPATCH].target;
	}

	get srcElement(): EventTarget | null {
		return this.target;
	}

	get currentTarget(): EventTarget | null {
		return this[DISPATCH].isActive ? this.target : null;
	}

	get eventPhase(): 0 | 2 {
		return this[DISPATCH].isActive ? AT_TARGET : 0;
	}

	/** When it was first asked for: hardly anybody does, and a look at the clock takes its time. */
	get timeStamp(): number {
		this.#timeStamp ??= performance.now();
		return this.#timeStamp;
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
		this[DISPATCH].isStopped = true;
	}

	/** There is nothing to prevent. */
	preventDefault(): void {}

	/** Deprecated in the DOM Standard, and there nevertheless. */
	initEvent(): void {}

	initMessageEvent(): void {}

	/** What is printed: Node would look for what only its own events have. */
	[Symbol.for('nodejs.util.inspect.custom')](): object {
		const { type, data, origin, target } = this;
		return { type, data, origin, target };
	}
}

// What is always the same takes no memory of an event.
Object.assign(SocketMessageEvent.prototype, {
	type: 'message',
	lastEventId: '',
	source: null,
	bubbles: false,
	cancelable: false,
	composed: false,
	defaultPrevented: false,
	isTrusted: false,
	returnValue: true,
});
Object.setPrototypeOf(
	SocketMessageEvent.prototype,
	// A runtime may lack the former.
	(globalThis.MessageEvent ?? Event).prototype,
);

/** @param url That of the socket. */
export function messageEvent(data: AstroWebSocketData, url: string): AstroWebSocketMessageEvent {
	// TypeScript does not see what prototype it has.
	return new SocketMessageEvent(data, url) as unknown as AstroWebSocketMessageEvent;
}
