/**
 * The dispatch of an event on a target that is not the runtime's own (DOM Standard, section 2.9).
 *
 * The members of `Event` that tell of a dispatch read what only a runtime's own `EventTarget` can
 * write. Our own events bring theirs; to others, which are rare here, they are added.
 */
export class Dispatch {
	target: EventTarget | null = null;
	isActive = false;
	/** Whether the listeners that are left are passed over. */
	isStopped = false;
	/** Whether the listener that runs cannot prevent anything. */
	isInPassive = false;

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

/** Where an event has its {@link Dispatch}. */
export const DISPATCH: unique symbol = Symbol('dispatch');

interface DispatchedEvent extends Event {
	readonly [DISPATCH]?: Dispatch;
}

/** That of any event. */
export function dispatchOf(event: Event): Dispatch {
	return (event as DispatchedEvent)[DISPATCH] ?? adopt(event);
}

/** `Event.AT_TARGET`, which is not in the types of Node. */
export const AT_TARGET = 2;

/** Makes an event of the runtime tell of its dispatch on a target of ours. */
function adopt(event: Event): Dispatch {
	if (event.eventPhase !== 0) throw beingDispatched();
	const dispatch = new Dispatch();
	// A later dispatch on a target of the runtime's own counts again.
	const before = event.target;
	const target = (): unknown => {
		const now = native(event, 'target');
		return now === before ? dispatch.target : now;
	};
	const getter = (get: () => unknown): PropertyDescriptor => ({ get, configurable: true });
	const method = (value: () => unknown): PropertyDescriptor => ({
		value,
		configurable: true,
		writable: true,
	});
	Object.defineProperties(event, {
		[DISPATCH]: { value: dispatch },
		target: getter(target),
		srcElement: getter(target),
		currentTarget: getter(() =>
			dispatch.isActive ? dispatch.target : native(event, 'currentTarget'),
		),
		eventPhase: getter(() => (dispatch.isActive ? AT_TARGET : native(event, 'eventPhase'))),
		composedPath: method(() =>
			dispatch.isActive ? [dispatch.target] : Event.prototype.composedPath.call(event),
		),
		stopImmediatePropagation: method(() => {
			dispatch.isStopped = true;
			Event.prototype.stopImmediatePropagation.call(event);
		}),
		preventDefault: method(() => {
			if (!dispatch.isInPassive) Event.prototype.preventDefault.call(event);
		}),
	});
	return dispatch;
}

/** What the runtime itself would say. */
function native(event: Event, name: 'target' | 'currentTarget' | 'eventPhase'): unknown {
	return Reflect.get(Event.prototype, name, event);
}

function beingDispatched(): DOMException {
	return new DOMException('The event is being dispatched already.', 'InvalidStateError');
}
