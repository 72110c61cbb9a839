import { RealtimeError } from '../protocol/errors.ts';
import type { Schema, SchemaIssue } from './schema-type.ts';

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
 * Parses a value.
 *
 * @param what The value's name in the error.
 * @throws RealtimeError `BAD_REQUEST` with the fields that do not match, and whatever the schema
 * throws.
 */
export async function parse(schema: Schema, value: unknown, what: string): Promise<unknown> {
	const result = await schema['~standard'].validate(value);
	if (result.issues === undefined) return result.value;
	throw invalid(what, result.issues);
}

function invalid(what: string, issues: readonly SchemaIssue[]): RealtimeError {
	const fields = new Map<string, string[]>();
	for (const { path, message } of issues) {
		const [first] = path ?? [];
		if (first === undefined) continue;
		const field = String(typeof first === 'object' ? first.key : first);
		const messages = fields.get(field) ?? [];
		fields.set(field, [...messages, message]);
	}
	const reason = issues[0]?.message ?? 'no reason is given';
	return new RealtimeError({
		code: 'BAD_REQUEST',
		message: `${what} does not match its schema: ${reason}`,
		fields: Object.fromEntries(fields),
	});
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}
