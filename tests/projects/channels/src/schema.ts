/** What the fields of a message may be. */
interface Kinds {
	string: string;
	number: number;
	boolean: boolean;
}

interface Issue {
	readonly message: string;
	readonly path: readonly string[];
}

type Result<T> = { readonly value: T } | { readonly issues: readonly Issue[] };

/** The interface of Standard Schema, which all lines have without a library of their own. */
export interface StandardSchema<T> {
	readonly '~standard': {
		readonly version: 1;
		readonly vendor: string;
		readonly validate: (value: unknown) => Result<T>;
		readonly types?: { readonly input: T; readonly output: T };
	};
}

type Shape = Readonly<Record<string, keyof Kinds>>;
type Shaped<S extends Shape> = { [Name in keyof S]: Kinds[S[Name]] };

/** A schema of an object with these fields. It drops others. */
export function shape<const S extends Shape>(fields: S): StandardSchema<Shaped<S>> {
	const validate = (value: unknown): Result<Shaped<S>> => {
		const given: Record<string, unknown> = Object(value);
		const issues: Issue[] = [];
		for (const [name, kind] of Object.entries(fields)) {
			if (typeof given[name] !== kind) issues.push({ message: `not a ${kind}`, path: [name] });
		}
		if (issues.length > 0) return { issues };
		const entries = Object.keys(fields).map((name) => [name, given[name]]);
		return { value: Object.fromEntries(entries) };
	};
	return { '~standard': { version: 1, vendor: 'tests', validate } };
}
