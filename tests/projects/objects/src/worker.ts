/** A Worker with an object, a queue and a schedule of its own. */
import { DurableObject } from 'cloudflare:workers';
import { handle } from 'zastro-websockets-cloudflare/handler';

export class Counter extends DurableObject {
	#count = 0;

	count(): number {
		this.#count += 1;
		return this.#count;
	}
}

export default {
	fetch: handle,
	queue() {},
	scheduled() {},
} satisfies ExportedHandler<Env>;
