/** The application's `locals`, one object for all requests. */

class Visitor {
	#name = 'ada';

	get user() {
		return this.#name;
	}

	greet() {
		return this.#name;
	}
}

export const plain = { user: 'ada' };
export const instance = new Visitor();
export const frozen = Object.freeze({ user: 'ada' });
export const frozenInstance = Object.freeze(new Visitor());
export const proxy = new Proxy({}, { get: (_, key) => (key === 'user' ? 'ada' : undefined) });

/** Whether the adapter's members were added to this object. */
export function isChanged(locals) {
	return Reflect.ownKeys(locals).some((key) => /upgrade/i.test(String(key)));
}
