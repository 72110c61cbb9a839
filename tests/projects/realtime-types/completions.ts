/** Checks what an editor suggests at the `|` of a line, by TypeScript's service for editors. */

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The part of its interface that is used here. */
interface Service {
	getCompletionsAtPosition(
		file: string,
		at: number,
		options: object,
	): { readonly entries: readonly { readonly name: string }[] } | undefined;
}
interface TypeScript {
	readonly sys: {
		fileExists(path: string): boolean;
		readFile(path: string): string | undefined;
		readDirectory(path: string): readonly string[];
		directoryExists(path: string): boolean;
		getDirectories(path: string): readonly string[];
	};
	readonly ScriptSnapshot: { fromString(text: string): unknown };
	readConfigFile(path: string, read: (path: string) => string | undefined): { config: object };
	parseJsonConfigFileContent(
		config: object,
		sys: TypeScript['sys'],
		folder: string,
	): { readonly options: object; readonly fileNames: readonly string[] };
	getDefaultLibFilePath(options: object): string;
	createLanguageService(host: object): Service;
}

const SERVER = "import { defineChannel } from 'zastro:realtime';";
const CLIENT = "import { channels } from 'zastro:realtime/client';";
const ROOM = "channels.rooms({ room: 'lobby' })";
const JOINED = `${ROOM}.join({ onGap() {} })`;

/** The import, the line with a `|`, and the names that are suggested there. */
const LINES: readonly (readonly [string, string, string])[] = [
	[SERVER, "defineChannel({ authorize: 'users', history: { | } });", 'size ttl'],
	[
		SERVER,
		"defineChannel('rooms/[room]', { authorize: 'users', history: { size: 9, | } });",
		'ttl',
	],
	[SERVER, "defineChannel({ authorize: 'users', presence: { | } });", 'of schema server'],
	[
		SERVER,
		"defineChannel({ authorize: 'users', messages: { say: { | } } });",
		'ephemeral handler idempotent input',
	],
	[CLIENT, 'channels.teams.rooms({ | });', 'room team'],
	[CLIENT, `${ROOM}.join({ | });`, 'onGap presence signal since'],
	[CLIENT, `${JOINED}.send('|');`, 'count draw move say wave'],
	[CLIENT, `${JOINED}.on('|');`, 'cleared moved said stroke'],
];

const [modules = ''] = process.argv.slice(2);
const ts: TypeScript = createRequire(join(modules, '_'))('oldest-typescript');
const folder = import.meta.dirname;
const { config } = ts.readConfigFile(join(folder, 'tsconfig.json'), ts.sys.readFile);
const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, folder);

for (const [head, line, expected] of LINES) {
	const file = join(folder, 'src/edited.ts');
	const text = `${head}\n${line}`;
	const read = (path: string): string | undefined =>
		path === file ? text.replace('|', '') : ts.sys.readFile(path);
	const { directoryExists, getDirectories, readDirectory } = ts.sys;
	const service = ts.createLanguageService({
		directoryExists,
		getDirectories,
		readDirectory,
		getCompilationSettings: () => options,
		getCurrentDirectory: () => folder,
		getDefaultLibFileName: ts.getDefaultLibFilePath,
		getScriptFileNames: () => [...fileNames, file],
		getScriptVersion: () => '1',
		getScriptSnapshot: (path: string) => {
			const found = read(path);
			return found === undefined ? undefined : ts.ScriptSnapshot.fromString(found);
		},
		fileExists: (path: string) => path === file || ts.sys.fileExists(path),
		readFile: read,
	});
	const suggested = service.getCompletionsAtPosition(file, text.indexOf('|'), {})?.entries ?? [];
	const names = suggested.slice(0, 20).map(({ name }) => name);
	assert.equal(names.sort().join(' '), expected, line);
}
