import {
	AT_TARGET,
	beingDispatched,
	CURRENT_TARGET,
	type Dispatched,
	IS_IN_PASSIVE,
	IS_STOPPED,
	TARGET,
} from './dispatch.ts';

/** The runtime's own target before: a later one of those counts again. */
const BEFORE: unique symbol = Symbol('before');

/**
 * An event that is not a socket's, and is dispatched on one. The members of `Event` that tell of that
 * read what only a runtime's own `EventTarget` can write.
 */
class ForeignEvent extends Event implements Dispatched {
	declare [BEFORE]: EventTarget | null;
	declare [TARGET]: EventTarget | null;
	declare [CURRENT_TARGET]: EventTarget | null;
	declare [IS_STOPPED]: boolean;
	declare [IS_IN_PASSIVE]: boolean;

	override get target(): EventTarget | null {
		const native = super.target;
		return native === this[BEFORE] ? this[TARGET] : native;
	}

	override get srcElement(): EventTarget | null {
		return this.target;
	}

	override get currentTarget(): EventTarget | null {
		return this[CURRENT_TARGET] ?? super.currentTarget;
	}

	override get eventPhase(): 0 | 2 {
		return this[CURRENT_TARGET] === null ? (super.eventPhase as 0 | 2) : AT_TARGET;
	}

	override composedPath(): [EventTarget?] {
		const target = this[CURRENT_TARGET];
		return target === null ? super.composedPath() : [target];
	}

	override stopImmediatePropagation(): void {
		this[IS_STOPPED] = true;
		super.stopImmediatePropagation();
	}

	override preventDefault(): void {
		if (!this[IS_IN_PASSIVE]) super.preventDefault();
	}
}

/** None is ever made: others are given its members. */
const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(ForeignEvent.prototype);

/** @throws DOMException `InvalidStateError` for an event that is being dispatched elsewhere. */
export function adopt(event: Event): Dispatched {
	const { target, eventPhase } = event;
	if (eventPhase !== 0) throw beingDispatched();
	return Object.assign(Object.defineProperties(event, members), {
		[BEFORE]: target,
		[TARGET]: null,
		[CURRENT_TARGET]: null,
		[IS_STOPPED]: false,
		[IS_IN_PASSIVE]: false,
	});
}
