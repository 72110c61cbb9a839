/** Values on their way: what schemas take and give, and what JSON makes of it. */

/** What JSON makes of a value. Bytes stay bytes. Of a Map and of a Set, JSON holds nothing. */
export type Json<Value> = 0 extends 1 & Value
	? Value
	: Value extends string | number | boolean | null | undefined | Uint8Array
		? Value
		: Value extends { toJSON(): infer Result }
			? Json<Result>
			: Value extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
				? Record<string, never>
				: Value extends bigint | symbol | ((...parameters: never) => unknown)
					? never
					: Value extends readonly unknown[]
						? { [Key in keyof Value]: Json<Value[Key]> }
						: Value extends object
							? { [Key in keyof Value as Key extends symbol ? never : Key]: Json<Value[Key]> }
							: Value;

// Only `types` is matched: matching the whole of Standard Schema takes half again as long.
export type InputOf<S> = S extends {
	readonly '~standard': { readonly types?: { readonly input: infer Input } | undefined };
}
	? Input
	: undefined;
export type OutputOf<S> = S extends {
	readonly '~standard': { readonly types?: { readonly output: infer Output } | undefined };
}
	? Output
	: undefined;

/** An object with no known members. */
export type Empty = Record<never, never>;
export type Maybe<Value> = Value | Promise<Value>;
/** The parameters for data that may be left out where it may be undefined. */
export type DataArguments<Data, Options> = undefined extends Data
	? [data?: Data, options?: Options]
	: [data: Data, options?: Options];
