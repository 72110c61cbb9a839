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

/** Node has no global `CloseEvent` before version 23. */
class OwnCloseEvent extends Event implements AstroWebSocketCloseEvent {
	readonly code: number;
	readonly reason: string;
	readonly wasClean: boolean;

	constructor(type: string, details: CloseDetails) {
		super(type);
		this.code = details.code;
		this.reason = details.reason;
		this.wasClean = details.wasClean;
	}
}

class OwnErrorEvent extends Event implements AstroWebSocketErrorEvent {
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
class OwnMessageEvent extends Event {
	readonly #data: AstroWebSocketData;
	readonly #origin: string;

	constructor(data: AstroWebSocketData, origin: string) {
		super('message');
		this.#data = data;
		this.#origin = origin;
	}

	get data(): AstroWebSocketData {
		return this.#data;
	}

	get origin(): string {
		return this.#origin;
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

// Every event of that type is an `instanceof MessageEvent`.
Object.setPrototypeOf(OwnMessageEvent.prototype, MessageEvent.prototype);

export function openEvent(): Event {
	return new Event('open');
}

/** @param origin That of the socket's `url`. */
export function messageEvent(data: AstroWebSocketData, origin: string): AstroWebSocketMessageEvent {
	return new OwnMessageEvent(data, origin);
}

export function errorEvent(error: Error): AstroWebSocketErrorEvent {
	return new OwnErrorEvent(error);
}

export function closeEvent(details: CloseDetails): AstroWebSocketCloseEvent {
	const Constructor = globalThis.CloseEvent ?? OwnCloseEvent;
	return new Constructor('close', details);
}
