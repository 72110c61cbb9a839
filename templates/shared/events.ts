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

/** `Event.AT_TARGET`, which is not in the types of Node. */
const AT_TARGET = 2;

/** Where an event has its {@link Dispatch}. */
const DISPATCH: unique symbol = Symbol('dispatch');

/** The dispatch of an event on a target that is not the runtime's own (DOM Standard, section 2.9). */
export class Dispatch {
	target: EventTarget | null = null;
	/** The runtime's own target before: a later one of those counts again. */
	readonly before: EventTarget | null;
	isActive = false;
	/** Whether the listeners that are left are passed over. */
	isStopped = false;
	/** Whether the listener that runs cannot prevent anything. */
	isInPassive = false;

	constructor(before: EventTarget | null) {
		this.before = before;
	}

	/** @throws DOMException `InvalidStateError` if it has begun already. */
	begin(target: EventTarget): void {
		if (this.isActive) throw beingDispatched();
		this.target = target;
		this.isActive = true;
	}

	end(): void {
		this.isActive = false;
		this.isStopped = false;
		this.isInPassive = false;
	}
}

/**
 * An event that tells of its dispatch on a target of ours. The members of `Event` that do so read
 * what only a runtime's own `EventTarget` can write.
 */
class DispatchedEvent extends Event {
	readonly [DISPATCH]: Dispatch = new Dispatch(null);

	override get target(): EventTarget | null {
		const { before, target } = this[DISPATCH];
		const native = super.target;
		return native === before ? target : native;
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

	override preventDefault(): void {
		if (!this[DISPATCH].isInPassive) super.preventDefault();
	}
}

/** What tells of a dispatch, for an object that is not below {@link DispatchedEvent}. */
const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(DispatchedEvent.prototype);

/** The dispatch of any event. One of the runtime is made to tell of it, which is rare here. */
export function dispatchOf(event: Event): Dispatch {
	return (event as Partial<DispatchedEvent>)[DISPATCH] ?? adopt(event);
}

function adopt(event: Event): Dispatch {
	if (event.eventPhase !== 0) throw beingDispatched();
	const dispatch = new Dispatch(event.target);
	Object.defineProperties(event, { ...members, [DISPATCH]: { value: dispatch } });
	return dispatch;
}

function beingDispatched(): DOMException {
	return new DOMException('The event is being dispatched already.', 'InvalidStateError');
}

class SocketCloseEvent extends DispatchedEvent implements AstroWebSocketCloseEvent {
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

class SocketErrorEvent extends DispatchedEvent implements AstroWebSocketErrorEvent {
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
class SocketMessageEvent extends DispatchedEvent {
	readonly #data: AstroWebSocketData;
	readonly #url: string;

	constructor(data: AstroWebSocketData, url: string) {
		super('message');
		this.#data = data;
		this.#url = url;
	}

	/** Each dispatch asks for it, and a runtime's own accessor is slow. */
	override get type(): 'message' {
		return 'message';
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
	Object.defineProperties(own.prototype, members);
	Object.setPrototypeOf(own.prototype, global.prototype);
}

alsoAs(SocketMessageEvent, globalThis.MessageEvent);
// Node has none before version 23.
alsoAs(SocketCloseEvent, globalThis.CloseEvent);

export function openEvent(): Event {
	return new DispatchedEvent('open');
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
