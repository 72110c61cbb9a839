import {
	AT_TARGET,
	CURRENT_TARGET,
	type Dispatched,
	IS_IN_PASSIVE,
	IS_STOPPED,
	TARGET,
} from './dispatch.ts';

/**
 * A native event that is dispatched on a socket. The native getters for the state of a dispatch
 * read internal slots, and only a native `EventTarget` can write those.
 */
class ForeignEvent extends Event implements Dispatched {
	declare [TARGET]: EventTarget | null;
	declare [CURRENT_TARGET]: EventTarget | null;
	declare [IS_STOPPED]: boolean;
	declare [IS_IN_PASSIVE]: boolean;

	/** A later dispatch on a native target takes precedence. */
	override get target(): EventTarget | null {
		return this[CURRENT_TARGET] ?? super.target ?? this[TARGET];
	}

	override get srcElement(): EventTarget | null {
		return this.target;
	}

	override get currentTarget(): EventTarget | null {
		return this[CURRENT_TARGET] ?? super.currentTarget;
	}

	override get eventPhase(): 0 | 2 {
		return this[CURRENT_TARGET] ? AT_TARGET : (super.eventPhase as 0 | 2);
	}

	override composedPath(): [EventTarget?] {
		const target = this[CURRENT_TARGET];
		return target ? [target] : super.composedPath();
	}

	override stopImmediatePropagation(): void {
		this[IS_STOPPED] = true;
		super.stopImmediatePropagation();
	}

	override preventDefault(): void {
		if (!this[IS_IN_PASSIVE]) super.preventDefault();
	}
}

const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(ForeignEvent.prototype);

/**
 * The members that a native event gets for a dispatch on a socket. No `ForeignEvent` is ever
 * created.
 */
export const FOREIGN_MEMBERS: PropertyDescriptorMap = members;
