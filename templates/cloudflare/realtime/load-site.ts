/** Reads the site's files when the Worker starts. */

import { isDevelopment } from 'virtual:astro-cloudflare:realtime';
import { parts } from 'virtual:astro-cloudflare:realtime-parts';
import {
	failure,
	files,
	middleware,
	problems as pathProblems,
	version,
} from 'virtual:zastro-realtime/files';
import {
	describeProblems,
	PREVIOUS_VERSION,
	ProblemsError,
} from '../../realtime/define/reading/problem.ts';
import type { SiteModules } from '../../realtime/define/reading/site-file.ts';
import { readSiteWith } from '../../realtime/define/site.ts';
import { report } from './base/report.ts';
import { kept } from './kept.ts';
import { runtime, useSite } from './worker-runtime.ts';

const read: SiteModules = { files, middleware, version };
const { site, problems: fileProblems } = readSiteWith(parts, read, runtime);
const problems = [...pathProblems, ...fileProblems];
// A Worker with wrong files cannot be deployed.
if (!isDevelopment && problems.length > 0) throw new ProblemsError(problems);

/** The files whose channels the Worker serves. */
export const modules: SiteModules = (isDevelopment && lastGoodFiles()) || read;
if (modules !== read) useSite(readSiteWith(parts, modules, runtime).site);
else if (!isDevelopment || failure === undefined) useSite(site);

/**
 * Reports errors. After an edit, the last good files stay. At the start, the good ones serve.
 *
 * @returns Undefined if the files that were read are to be served.
 */
function lastGoodFiles(): SiteModules | undefined {
	const { modules: before } = kept();
	const end = before === undefined ? '' : `\n${PREVIOUS_VERSION}`;
	if (failure !== undefined) {
		report(`The files of \`src/realtime\` cannot be loaded:\n${textOf(failure)}${end}`);
	} else if (problems.length > 0) {
		report(`The files of \`src/realtime\` have errors:\n${describeProblems(problems)}${end}`);
	}
	if (failure === undefined && (problems.length === 0 || before === undefined)) {
		kept().modules = read;
		return undefined;
	}
	return before;
}

function textOf(error: unknown): string {
	return error instanceof Error && error.stack !== undefined ? error.stack : String(error);
}
