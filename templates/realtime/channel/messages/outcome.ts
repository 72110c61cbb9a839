import { isLarger } from '../../protocol/byte-length.ts';
import type { ErrorData } from '../../protocol/errors.ts';
import type { Data } from '../../protocol/server-frames.ts';
import { MAX_OUTCOME_BYTES } from '../limits.ts';
import type { Position } from '../position.ts';

/** The result of a handler. */
export type Result = { readonly data: Data } | { readonly error: ErrorData };

/** A kept result. */
export interface Outcome {
	readonly result: Result;
	/** The last position that the handler published, empty for none. */
	readonly published: Position | '';
}

/** What stands between the position and the JSON of a result or of an error. No position has it. */
const RESULT = '|';
const ERROR = '!';

/**
 * The text of a result that is kept for the session: the position, a mark, and JSON.
 *
 * An engine in memory keeps the last 128 of each session, and every one of them outlives a garbage
 * collection. So the JSON of the result is not written again, and not wrapped.
 */
export function writeOutcome(result: Result, published: Position = ''): string {
	const error = 'error' in result ? result.error : UNCERTAIN;
	const isData = 'data' in result && !(result.data instanceof Uint8Array);
	const text = isData
		? published + RESULT + (result.data ?? '')
		: published + ERROR + JSON.stringify(error);
	return isLarger(text, MAX_OUTCOME_BYTES) ? writeOutcome(UNCERTAIN_RESULT, published) : text;
}

/** @param text Undefined for a result that nobody has kept. */
export function readOutcome(text: string | undefined): Outcome {
	if (text === undefined) return { result: UNCERTAIN_RESULT, published: '' };
	const mark = text.search(/[|!]/);
	const published = text.slice(0, mark);
	const json = text.slice(mark + 1);
	const result =
		text[mark] === ERROR
			? { error: JSON.parse(json) as ErrorData }
			: { data: json === '' ? undefined : json };
	return { result, published };
}

const UNCERTAIN: ErrorData = {
	code: 'UNCERTAIN',
	message: 'The message was handled, but its result is no longer known.',
};
const UNCERTAIN_RESULT: Result = { error: UNCERTAIN };
