/** A wrong argument in the message of its error. JSON has no bigints, and no circles. */
export function shown(value: unknown): string {
	if (typeof value === 'string') return JSON.stringify(value);
	return Object(value) === value ? `a value of type ${typeof value}` : String(value);
}
