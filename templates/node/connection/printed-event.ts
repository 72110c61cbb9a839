import { inspect } from 'node:util';
import { SocketMessageEvent } from '../../socket/message-event.ts';
import type { AstroWebSocketMessageEvent } from '../../socket/types.ts';

/**
 * The printed form of a `message` event. Node would read properties that only its own events have.
 */
Object.defineProperty(SocketMessageEvent.prototype, inspect.custom, {
	value(this: AstroWebSocketMessageEvent): object {
		const { type, data, target } = this;
		return { type, data, target };
	},
});
