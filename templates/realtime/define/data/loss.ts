import { bytesOf } from './binary.ts';

/** What JSON would drop or change in a value that it can write. Undefined if nothing. */
export function lossOf(value: unknown, path = ''): string | undefined {
	const at = path === '' ? 'it' : `\`${path}\``;
	switch (typeof value) {
		case 'function':
			return `${at} is a function.`;
		case 'symbol':
			return `${at} is a symbol.`;
		case 'bigint':
			return `${at} is a bigint. Make it a string in the schema.`;
		case 'number':
			return Number.isFinite(value) ? undefined : `${at} is ${value}.`;
		case 'object':
			return value === null ? undefined : lossOfObject(value, path, at);
		default:
			return undefined;
	}
}

function lossOfObject(value: object, path: string, at: string): string | undefined {
	if (Array.isArray(value)) {
		for (const [index, item] of value.entries()) {
			if (item === undefined) return `\`${path}[${index}]\` is undefined.`;
			const loss = lossOf(item, `${path}[${index}]`);
			if (loss !== undefined) return loss;
		}
		return undefined;
	}
	if (value instanceof Date) {
		return `${at} is a Date. Make it a string in the schema, for example with \`toISOString()\`.`;
	}
	if (value instanceof Map || value instanceof Set) {
		return `${at} is a ${value instanceof Map ? 'Map' : 'Set'}. Make it an array in the schema.`;
	}
	if (bytesOf(value) !== undefined) return `${at} is bytes, which travel alone: use \`binary()\`.`;
	if ('toJSON' in value && typeof value.toJSON === 'function') return undefined;
	const entries = Object.entries(value);
	// By its name: a test runner may have several classes `Object`.
	const kind = value.constructor?.name ?? 'Object';
	if (entries.length === 0 && kind !== 'Object') {
		return `${at} is of the class ${kind}, of which JSON holds nothing.`;
	}
	for (const [key, item] of entries) {
		const loss = lossOf(item, path === '' ? key : `${path}.${key}`);
		if (loss !== undefined) return loss;
	}
	return undefined;
}
