/** What an event was dispatched on last. */
export const TARGET: unique symbol = Symbol('target');

/** What it is being dispatched on. */
export const CURRENT_TARGET: unique symbol = Symbol('currentTarget');

/** Whether the listeners that are left are passed over. */
export const IS_STOPPED: unique symbol = Symbol('isStopped');

/** Whether the listener that runs cannot prevent anything. */
export const IS_IN_PASSIVE: unique symbol = Symbol('isInPassive');

/** An event on a target that is not the runtime's own (DOM Standard, section 2.9). */
export interface Dispatched {
	[TARGET]: EventTarget | null;
	[CURRENT_TARGET]: EventTarget | null;
	[IS_STOPPED]: boolean;
	[IS_IN_PASSIVE]: boolean;
}

/** `Event.AT_TARGET`, which is not in the types of Node. */
export const AT_TARGET = 2;

export function beingDispatched(): DOMException {
	return new DOMException('The event is being dispatched already.', 'InvalidStateError');
}
