/** What is wrong with a file that exports no channel, and the next step. */
export const NO_CHANNEL: readonly [message: string, hint: string] = [
	'The file has no default export of a channel.',
	'Write `export default defineChannel({ … })`. A file that is no channel begins with `_`.',
];
