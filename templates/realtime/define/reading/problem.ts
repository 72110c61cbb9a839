/** Something wrong in a file of the site. */
export interface Problem {
	/** The file, relative to the site's root. */
	readonly file: string;
	/** What is wrong: a sentence. */
	readonly message: string;
	/** The next step: a sentence. */
	readonly hint: string;
}

/** All problems as one text. */
export function describeProblems(problems: readonly Problem[]): string {
	return problems
		.map(({ file, message, hint }) => `${file}: ${message}\n  hint: ${hint}`)
		.join('\n');
}

/** Ends what `astro dev` logs of errors after an edit. */
export const PREVIOUS_VERSION = 'The previous version of the channels keeps running.';

/** The site's channel files have problems. */
export class ProblemsError extends Error {
	override readonly name = 'RealtimeFilesError';
	readonly problems: readonly Problem[];

	constructor(problems: readonly Problem[]) {
		super(describeProblems(problems));
		this.problems = problems;
	}
}
