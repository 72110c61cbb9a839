import { inspect } from 'node:util';
import { SocketMessageEvent } from '../../socket/message-event.ts';
import type { AstroWebSocketMessageEvent } from '../../socket/types.ts';

/** What is printed of a `message` event: Node would look for what only its own events have. */
Object.defineProperty(SocketMessageEvent.prototype, inspect.custom, {
	value(this: AstroWebSocketMessageEvent): object {
		const { type, data, target } = this;
		return { type, data, target };
	},
});
