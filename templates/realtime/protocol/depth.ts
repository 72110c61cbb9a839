/** The maximum nesting of JSON from clients: deeper values overflow the stack of what reads them. */
export const MAX_DEPTH: number = 32;

/** Looks at the brackets outside of strings, because the parser itself has no limit. */
export function isTooDeep(text: string): boolean {
	if (!hasManyBrackets(text)) return false;
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

/** Whether there are enough brackets, also those in strings. Most messages have few: then it is fast. */
function hasManyBrackets(text: string): boolean {
	let left = MAX_DEPTH;
	for (const bracket of '[{') {
		for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
			if (--left < 0) return true;
		}
	}
	return false;
}
