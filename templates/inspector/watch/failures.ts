import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Place, WorkerFailure } from '../report/events.ts';
import type { Failure } from './recorder.ts';

/** Replaces the lines of transformed modules in a stack by those of their files. */
export type FixStack = (error: Error) => void;

/**
 * An error that the site's log gets as well.
 *
 * @param fixStack Undefined if the stack has the lines of files already.
 */
export function failureOf(
	message: string,
	error: unknown,
	fixStack: FixStack | undefined,
	root: URL,
): Failure {
	if (error === undefined) return { message, text: '', place: undefined };
	if (!(error instanceof Error)) return { message, text: textOf(error), place: undefined };
	// A copy, because Vite changes the error, and whoever logs it does so as well.
	const copy = Object.assign(new Error(error.message), { stack: error.stack ?? '' });
	try {
		fixStack?.(copy);
	} catch {
		// The lines then are those of the transformed module.
	}
	return { message, text: `${error.name}: ${error.message}`, place: placeOf(copy.stack, root) };
}

/** The same for an error in workerd, which has told its text and stack. */
export function failureInWorker({ message, error }: WorkerFailure, root: URL): Failure {
	if (error === undefined) return { message, text: '', place: undefined };
	return { message, text: error.text, place: placeOf(error.stack, root) };
}

/** The line and column in a stack: `at handler (/site/src/a.ts:3:9)`, also with a `file:` URL. */
const FRAME = /(?:\(|at (?:async )?)((?:file:\/\/)?[^()\s][^()]*?):(\d+):(\d+)\)?$/;

/** The first line of a stack that is in the site's own files. */
export function placeOf(stack: string | undefined, root: URL): Place | undefined {
	const folder = fileURLToPath(root);
	for (const line of stack?.split('\n') ?? []) {
		const [, path, row, column] = FRAME.exec(line.trim()) ?? [];
		const file = path === undefined ? undefined : fileOf(path, folder);
		if (file === undefined || !file.startsWith(folder)) continue;
		const shown = relative(folder, file);
		if (shown.split(sep).includes('node_modules')) continue;
		return { file, shown: shown.split(sep).join('/'), line: Number(row), column: Number(column) };
	}
	return undefined;
}

function fileOf(path: string, root: string): string | undefined {
	const [place = ''] = path.split('?');
	if (!place.startsWith('file://')) {
		// Some stacks have paths below the root.
		return place.startsWith('/src/') && !place.startsWith(root) ? root + place.slice(1) : place;
	}
	try {
		return fileURLToPath(place);
	} catch {
		return undefined;
	}
}

function textOf(error: unknown): string {
	try {
		return String(error);
	} catch {
		// A Proxy, for example, may throw.
		return 'an error that cannot be printed';
	}
}
