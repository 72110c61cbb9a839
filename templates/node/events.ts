import type {
	AstroWebSocketCloseEvent,
	AstroWebSocketData,
	AstroWebSocketErrorEvent,
	AstroWebSocketMessageEvent,
} from '../shared/types.ts';

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

export function openEvent(): Event {
	return new Event('open');
}

/** @param origin That of the socket's `url`. */
export function messageEvent(data: AstroWebSocketData, origin: string): AstroWebSocketMessageEvent {
	return new MessageEvent('message', { data, origin });
}

export function errorEvent(error: Error): AstroWebSocketErrorEvent {
	return new OwnErrorEvent(error);
}

export function closeEvent(details: CloseDetails): AstroWebSocketCloseEvent {
	const Constructor = globalThis.CloseEvent ?? OwnCloseEvent;
	return new Constructor('close', details);
}
