interface Scope {
	readonly reportError?: (error: unknown) => void;
}

/** Calls code of the site. What it throws is reported, as an error in an event listener is. */
export function call<Arguments extends readonly unknown[]>(
	listener: (...args: Arguments) => void,
	...args: Arguments
): void {
	try {
		listener(...args);
	} catch (error) {
		// Node has no `reportError`.
		((globalThis as Scope).reportError ?? console.error)(error);
	}
}
