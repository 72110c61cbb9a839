/** Reads the site's files when the Worker starts. */

import { isDevelopment } from 'virtual:astro-cloudflare:realtime';
import { parts } from 'virtual:astro-cloudflare:realtime-parts';
import {
	files,
	middleware,
	problems as pathProblems,
	version,
} from 'virtual:zastro-realtime/files';
import { describeProblems, ProblemsError } from '../../realtime/define/reading/problem.ts';
import type { SiteModules } from '../../realtime/define/reading/site-file.ts';
import { readSiteWith } from '../../realtime/define/site.ts';
import { report } from './base/report.ts';
import { runtime, useSite } from './worker-runtime.ts';

export const modules: SiteModules = { files, middleware, version };

const { site, problems: fileProblems } = readSiteWith(parts, modules, runtime);
const problems = [...pathProblems, ...fileProblems];
if (problems.length > 0) {
	// A Worker with wrong files cannot be deployed. In `astro dev` the good ones serve.
	if (!isDevelopment) throw new ProblemsError(problems);
	report(`The files of \`src/realtime\` have errors:\n${describeProblems(problems)}`);
}
useSite(site);
