import { AT_TARGET, beingDispatched, DISPATCH, Dispatch, type Dispatched } from './dispatch.ts';
import type { AstroWebSocketCloseEvent, AstroWebSocketErrorEvent } from './types.ts';

export interface CloseDetails {
	readonly code: number;
	readonly reason: string;
	readonly wasClean: boolean;
}

/**
 * An event that tells of its dispatch on a target of ours. The members of `Event` that do so read
 * what only a runtime's own `EventTarget` can write.
 */
class DispatchedEvent extends Event implements Dispatched {
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

// An `instanceof CloseEvent` as well. Node has none before version 23.
if (globalThis.CloseEvent !== undefined) {
	Object.defineProperties(SocketCloseEvent.prototype, members);
	Object.setPrototypeOf(SocketCloseEvent.prototype, globalThis.CloseEvent.prototype);
}

export function openEvent(): Event {
	return new DispatchedEvent('open');
}

export function errorEvent(error: Error): AstroWebSocketErrorEvent {
	return new SocketErrorEvent(error);
}

export function closeEvent(details: CloseDetails): AstroWebSocketCloseEvent {
	return new SocketCloseEvent(details);
}
