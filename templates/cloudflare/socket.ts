import { ServerWebSocket } from '../shared/socket.ts';
import type { AstroWebSocketListener } from '../shared/types.ts';

/**
 * Whether the runtime's `EventTarget` reads `onmessage` and its like, and calls what it finds in
 * front of all listeners. That of Workers does.
 */
const READS_HANDLERS: boolean = (() => {
	let isRead = false;
	class Probe extends EventTarget {
		get onprobe(): null {
			isRead = true;
			return null;
		}
	}
	new Probe().dispatchEvent(new Event('probe'));
	return isRead;
})();

const TYPES = ['open', 'message', 'error', 'close'];

/**
 * {@link ServerWebSocket} where the runtime calls event handlers by itself: unguarded, and once more
 * than the socket, which has them among its listeners. They are hidden from its look.
 */
export class WorkerSocket extends ServerWebSocket {
	#isHidden = false;

	override dispatchEvent(event: Event): boolean {
		this.#isHidden = READS_HANDLERS && TYPES.includes(event.type);
		return super.dispatchEvent(event);
	}

	override get onopen(): AstroWebSocketListener<'open'> | null {
		return this.#isLookedAt() ? null : super.onopen;
	}

	override set onopen(listener: AstroWebSocketListener<'open'> | null) {
		super.onopen = listener;
	}

	override get onmessage(): AstroWebSocketListener<'message'> | null {
		return this.#isLookedAt() ? null : super.onmessage;
	}

	override set onmessage(listener: AstroWebSocketListener<'message'> | null) {
		super.onmessage = listener;
	}

	override get onerror(): AstroWebSocketListener<'error'> | null {
		return this.#isLookedAt() ? null : super.onerror;
	}

	override set onerror(listener: AstroWebSocketListener<'error'> | null) {
		super.onerror = listener;
	}

	override get onclose(): AstroWebSocketListener<'close'> | null {
		return this.#isLookedAt() ? null : super.onclose;
	}

	override set onclose(listener: AstroWebSocketListener<'close'> | null) {
		super.onclose = listener;
	}

	/** The first look after an event was dispatched is the runtime's. */
	#isLookedAt(): boolean {
		const isHidden = this.#isHidden;
		this.#isHidden = false;
		return isHidden;
	}
}
