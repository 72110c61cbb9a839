import { ServerWebSocket } from '../shared/socket.ts';

/**
 * Whether the runtime's `EventTarget` looks for `onmessage` and its like, and calls what it finds in
 * front of all listeners. That of Workers does.
 */
const LOOKS_FOR_HANDLERS: boolean = (() => {
	let isLookedFor = false;
	class Probe extends EventTarget {
		get onprobe(): null {
			isLookedFor = true;
			return null;
		}
	}
	new Probe().dispatchEvent(new Event('probe'));
	return isLookedFor;
})();

/**
 * {@link ServerWebSocket} where the runtime calls event handlers by itself: unguarded, and once more
 * than the socket, which has them among its listeners. They are hidden from its look.
 */
export class WorkerSocket extends ServerWebSocket {
	#isDispatching = false;

	override dispatchEvent(event: Event): boolean {
		// It comes to no look for a type without such a property.
		this.#isDispatching = LOOKS_FOR_HANDLERS && `on${event.type}` in this;
		return super.dispatchEvent(event);
	}

	/** The first look after an event was dispatched is the runtime's. */
	protected override isHidden(): boolean {
		const isDispatching = this.#isDispatching;
		this.#isDispatching = false;
		return isDispatching;
	}
}
