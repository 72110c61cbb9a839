/** The target of the last dispatch of an event. */
export const TARGET: unique symbol = Symbol();

/** The target of the current dispatch. */
export const CURRENT_TARGET: unique symbol = Symbol();

/** Whether the remaining listeners are skipped. */
export const IS_STOPPED: unique symbol = Symbol();

/** Whether the current listener is passive, and cannot call `preventDefault()`. */
export const IS_IN_PASSIVE: unique symbol = Symbol();

/** An event on a target other than the runtime's own `EventTarget` (DOM Standard, section 2.9). */
export interface Dispatched {
	[TARGET]: EventTarget | null;
	[CURRENT_TARGET]: EventTarget | null;
	[IS_STOPPED]: boolean;
	[IS_IN_PASSIVE]: boolean;
}

/** `Event.AT_TARGET`, missing from the types of Node. */
export const AT_TARGET = 2;
