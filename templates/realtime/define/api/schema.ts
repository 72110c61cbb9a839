import { RealtimeError } from '../../protocol/errors.ts';

/**
 * The part of Standard Schema (standardschema.dev) that is used here. zod, valibot and arktype
 * implement it.
 */
export interface Schema<Input = unknown, Output = Input> {
	readonly '~standard': {
		readonly version: 1;
		readonly vendor: string;
		readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
		readonly types?: { readonly input: Input; readonly output: Output } | undefined;
	};
}

export type SchemaResult<Output> =
	| { readonly value: Output; readonly issues?: undefined }
	| { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
	readonly message: string;
	readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

export function isSchema(value: unknown): value is Schema {
	// The schemas of arktype are functions.
	if (!isObject(value) && typeof value !== 'function') return false;
	const standard: unknown = (value as Partial<Schema>)['~standard'];
	return isObject(standard) && typeof standard.validate === 'function';
}

/** Why a value is not a schema, for someone who took it for one. */
export function schemaHint(value: unknown): string {
	if (isObject(value) && typeof value.parse === 'function' && '_def' in value) {
		return 'This zod has no Standard Schema. Update `zod` to 3.24 or later.';
	}
	return 'Use a schema of zod, valibot or arktype, or `binary()`.';
}

/**
 * Parses a value. Gives a promise if the schema does.
 *
 * @param what The value's name in the error.
 * @throws RealtimeError `BAD_REQUEST` with the fields that do not match, and whatever the schema
 * throws.
 */
export function parse(schema: Schema, value: unknown, what: string): unknown {
	const result = schema['~standard'].validate(value);
	// Most schemas answer at once, and a promise would cost more than that.
	return 'then' in result
		? Promise.resolve(result).then((late) => accepted(late, what))
		: accepted(result, what);
}

function accepted(result: SchemaResult<unknown>, what: string): unknown {
	if (result.issues === undefined) return result.value;
	throw invalid(what, result.issues);
}

function invalid(what: string, issues: readonly SchemaIssue[]): RealtimeError {
	const fields = new Map<string, string[]>();
	const reasons = issues.map(({ path = [], message }) => {
		const names = path.map((part) => String(typeof part === 'object' ? part.key : part));
		const [field] = names;
		if (field === undefined) return message;
		fields.set(field, [...(fields.get(field) ?? []), message]);
		// A log, and a plain client, get the message alone.
		return `${names.join('.')}: ${message}`;
	});
	return new RealtimeError({
		code: 'BAD_REQUEST',
		message: `${what} does not match its schema: ${reasons[0] ?? 'no reason'}`,
		fields: Object.fromEntries(fields),
	});
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}
