/** `Event.AT_TARGET`, which is not in the types of Node. */
export const AT_TARGET = 2;

/** Where an event has its {@link Dispatch}. */
export const DISPATCH: unique symbol = Symbol('dispatch');

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

/** An event that has been made for targets of ours. */
export interface Dispatched {
	readonly [DISPATCH]: Dispatch;
}

export function beingDispatched(): DOMException {
	return new DOMException('The event is being dispatched already.', 'InvalidStateError');
}
