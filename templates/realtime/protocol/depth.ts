/** The maximum nesting of JSON from clients: deeper values overflow the stack of what reads them. */
export const MAX_DEPTH: number = 32;

/** Looks at the brackets outside of strings, because the parser itself has no limit. */
export function isTooDeep(text: string): boolean {
	let depth = 0;
	let isInString = false;
	for (let index = 0; index < text.length; index++) {
		const code = text.charCodeAt(index);
		if (isInString) {
			if (code === 0x5c) index++;
			else if (code === 0x22) isInString = false;
		} else if (code === 0x22) isInString = true;
		else if (code === 0x5b || code === 0x7b) {
			if (++depth > MAX_DEPTH) return true;
		} else if (code === 0x5d || code === 0x7d) depth--;
	}
	return false;
}
