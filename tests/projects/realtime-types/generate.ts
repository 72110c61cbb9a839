/** Writes the declarations of this site, as the integration does. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { findRealtimeFiles } from './templates/realtime/configure/files.ts';
import { realtimeTypes } from './templates/realtime/configure/types.ts';

const root: URL = new URL('./', import.meta.url);
const folder: URL = new URL('types/', root);
const files = findRealtimeFiles({ root, srcDir: new URL('src/', root) });
if (files.problems.length > 0) throw new Error(JSON.stringify(files.problems, null, '\t'));
mkdirSync(folder, { recursive: true });
for (const { filename, content } of realtimeTypes(files, 'zastro-websockets-node')) {
	writeFileSync(new URL(filename, folder), content);
}
