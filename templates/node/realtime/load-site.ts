import {
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
import { readSite } from '../../realtime/define/site.ts';
import { hub, runtime } from './process-hub.ts';

// Runs when the server starts, and in `astro dev` again after an edit of a file.
const { site, problems: fileProblems } = readSite({ files, middleware, version }, runtime);
const problems = [...pathProblems, ...fileProblems];
if (problems.length === 0) hub.use(site);
else if (!runtime.isDevelopment) throw new ProblemsError(problems);
else {
	const errors = `The files of \`src/realtime\` have errors:\n${describeProblems(problems)}`;
	// After an edit, the last good files stay. At the start, the good ones serve.
	runtime.report(hub.site === undefined ? errors : `${errors}\n${PREVIOUS_VERSION}`);
	if (hub.site === undefined) hub.use(site);
}
