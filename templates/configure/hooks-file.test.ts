import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { findHooksFile, type ProjectFolders } from './hooks-file.ts';

function project(context: TestContext, ...files: string[]): ProjectFolders & { path: string } {
	const path = mkdtempSync(join(tmpdir(), 'hooks-'));
	context.after(() => rmSync(path, { recursive: true }));
	mkdirSync(join(path, 'src'));
	for (const file of files) writeFileSync(join(path, file), '');
	return { path, root: pathToFileURL(`${path}/`), srcDir: pathToFileURL(`${path}/src/`) };
}

for (const name of ['websocket.ts', 'websocket.js', 'websocket.mts', 'websocket.mjs']) {
	test(`src/${name} is found by convention`, (context) => {
		const folders = project(context, `src/${name}`);
		assert.equal(findHooksFile(null, folders), join(folders.path, 'src', name));
	});
}

test('the conventional file is optional', (context) => {
	assert.equal(findHooksFile(null, project(context)), null);
});

test('a configuration without folders has no hooks file', () => {
	assert.equal(findHooksFile(null, {}), null);
});

test('a configured path is relative to the root', (context) => {
	const folders = project(context, 'hooks.ts');
	assert.equal(findHooksFile('./hooks.ts', folders), join(folders.path, 'hooks.ts'));
	assert.equal(findHooksFile('hooks.ts', folders), join(folders.path, 'hooks.ts'));
});

test('a configured file must exist', (context) => {
	const folders = project(context);
	assert.throws(() => findHooksFile('src/websocket.ts', folders), {
		name: 'TypeError',
		message: `\`websocket.hooks\` must be the path of an existing file, got: ${join(folders.path, 'src/websocket.ts')}`,
	});
});
