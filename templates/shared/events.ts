import { AT_TARGET, DISPATCH, Dispatch } from './dispatch.ts';
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

/** An event that is fired on a socket. */
class SocketEvent extends Event {
	readonly [DISPATCH]: Dispatch = new Dispatch();

	override get target(): EventTarget | null {
		// Whoever dispatches it on another target means that one.
		return super.target ?? this[DISPATCH].target;
	}

	override get srcElement(): EventTarget | null {
		return this.target;
	}

	override get currentTarget(): EventTarget | null {
		const { isActive, target } = this[DISPATCH];
		return isActive ? target : super.currentTarget;
	}

	override get eventPhase(): 0 | 2 {
		return this[DISPATCH].isActive ? AT_TARGET : (super.eventPhase as 0 | 2);
	}

	override composedPath(): [EventTarget?] {
		const { isActive, target } = this[DISPATCH];
		return isActive && target !== null ? [target] : super.composedPath();
	}

	override stopImmediatePropagation(): void {
		this[DISPATCH].isStopped = true;
		super.stopImmediatePropagation();
	}
}

class SocketCloseEvent extends SocketEvent implements AstroWebSocketCloseEvent {
	readonly code: number;
	readonly reason: string;
	readonly wasClean: boolean;

	constructor(details: CloseDetails) {
		super('close');
		this.code = details.code;
		this.reason = details.reason;
		this.wasClean = details.wasClean;
	}
}

class SocketErrorEvent extends SocketEvent implements AstroWebSocketErrorEvent {
	readonly error: Error;
	readonly message: string;

	constructor(error: Error) {
		super('error');
		this.error = error;
		this.message = error.message;
	}
}

/**
 * Node's `MessageEvent` converts each member of its dictionary by the rules of WebIDL, which takes
 * longer than everything else that is done for a small message.
 */
class SocketMessageEvent extends SocketEvent {
	readonly #data: AstroWebSocketData;
	readonly #url: string;

	constructor(data: AstroWebSocketData, url: string) {
		super('message');
		this.#data = data;
		this.#url = url;
	}

	get data(): AstroWebSocketData {
		return this.#data;
	}

	get origin(): string {
		return new URL(this.#url).origin;
	}

	get lastEventId(): string {
		return '';
	}

	get source(): null {
		return null;
	}

	get ports(): [] {
		return [];
	}

	/** Deprecated in the DOM Standard, and there nevertheless. */
	initMessageEvent(): void {}
}

/** Puts a class below a global one as well, so that its events are an `instanceof` that. */
function alsoAs(own: { prototype: object }, global: { prototype: object } | undefined): void {
	if (global === undefined) return;
	const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(SocketEvent.prototype);
	Object.defineProperties(own.prototype, members);
	Object.setPrototypeOf(own.prototype, global.prototype);
}

alsoAs(SocketMessageEvent, globalThis.MessageEvent);
// Node has none before version 23.
alsoAs(SocketCloseEvent, globalThis.CloseEvent);

export function openEvent(): Event {
	return new SocketEvent('open');
}

/** @param url That of the socket. */
export function messageEvent(data: AstroWebSocketData, url: string): AstroWebSocketMessageEvent {
	return new SocketMessageEvent(data, url);
}

export function errorEvent(error: Error): AstroWebSocketErrorEvent {
	return new SocketErrorEvent(error);
}

export function closeEvent(details: CloseDetails): AstroWebSocketCloseEvent {
	return new SocketCloseEvent(details);
}
