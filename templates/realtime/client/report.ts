const scope: { readonly reportError?: (error: unknown) => void } = globalThis as never;

/** Calls code of the site. What it throws is reported, as an error in an event listener is. */
export function call<Arguments extends readonly unknown[]>(
	listener: (...args: Arguments) => void,
	...args: Arguments
): void {
	try {
		listener(...args);
	} catch (error) {
		// Node has no `reportError`.
		(scope.reportError ?? console.error)(error);
	}
}
