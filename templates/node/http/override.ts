export type Method = (...args: readonly unknown[]) => unknown;

/**
 * Overrides an object's own or inherited method.
 *
 * @returns A function that restores it, unless it has been overridden again since.
 */
export function override<Name extends string>(
	object: { [Key in Name]?: unknown },
	name: Name,
	wrap: (passOn: Method) => Method,
): () => void {
	const previous = Object.getOwnPropertyDescriptor(object, name);
	const passOn: Method = (...args) =>
		Reflect.apply(
			previous?.value ?? Reflect.get(Object.getPrototypeOf(object), name),
			object,
			args,
		);
	const value = wrap(passOn);
	Object.defineProperty(object, name, { value, configurable: true, writable: true });
	return () => {
		if (Object.getOwnPropertyDescriptor(object, name)?.value !== value) return;
		if (previous === undefined) Reflect.deleteProperty(object, name);
		else Object.defineProperty(object, name, previous);
	};
}
