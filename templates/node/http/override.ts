export type Method = (...args: readonly unknown[]) => unknown;

/**
 * Puts another method in front of an object's own or inherited one.
 *
 * @returns What takes it off again, unless something else has been put in front of it since.
 */
export function override<Name extends string>(
	object: { [Key in Name]?: unknown },
	name: Name,
	wrap: (passOn: Method) => Method,
): () => void {
	const own = Object.getOwnPropertyDescriptor(object, name);
	const passOn: Method = (...args) =>
		Reflect.apply(own?.value ?? Reflect.get(Object.getPrototypeOf(object), name), object, args);
	const value = wrap(passOn);
	Object.defineProperty(object, name, { value, configurable: true, writable: true });
	return () => {
		if (Object.getOwnPropertyDescriptor(object, name)?.value !== value) return;
		if (own === undefined) Reflect.deleteProperty(object, name);
		else Object.defineProperty(object, name, own);
	};
}
