/** What an event was dispatched on last. */
export const TARGET: unique symbol = Symbol();

/** What it is being dispatched on. */
export const CURRENT_TARGET: unique symbol = Symbol();

/** Whether the listeners that are left are passed over. */
export const IS_STOPPED: unique symbol = Symbol();

/** Whether the listener that runs cannot prevent anything. */
export const IS_IN_PASSIVE: unique symbol = Symbol();

/** An event on a target that is not the runtime's own (DOM Standard, section 2.9). */
export interface Dispatched {
	[TARGET]: EventTarget | null;
	[CURRENT_TARGET]: EventTarget | null;
	[IS_STOPPED]: boolean;
	[IS_IN_PASSIVE]: boolean;
}

/** `Event.AT_TARGET`, which is not in the types of Node. */
export const AT_TARGET = 2;
