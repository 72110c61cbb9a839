import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import {
	findRealtimeFiles,
	type ProjectFolders,
	withSlashes,
} from '../../realtime/configure/files.ts';
import { type UsedParts, usedParts } from '../../realtime/configure/used-parts.ts';
import { ABSENT, ADDED, type LeftOut, MODULES } from './parts.ts';

/** The module that `cloudflare/realtime` takes the parts from. */
const MODULE = 'virtual:astro-cloudflare:realtime-parts';
const RESOLVED = `\0${MODULE}`;

export const PART_MODULES: readonly string[] = Object.values(ADDED).map(([module]) => module);

/** The folder of the modules of this package. */
const OWN: string = fileURLToPath(new URL('../../', import.meta.url));
const EXTENSION = /\.[jt]s$/;
/** The module that stands for those that are left out. */
const ABSENT_MODULE: string =
	withSlashes(join(OWN, ABSENT)) + (EXTENSION.exec(import.meta.url)?.[0] ?? '');

/**
 * Gives a Worker the parts of channels that the site uses, and leaves out the others. In `astro dev`
 * a file may get any of them.
 */
export function partsPlugin(
	folders: ProjectFolders,
	packageName: string,
	isDevelopment: boolean,
): Plugin {
	let known: UsedParts | undefined;
	const used = (): UsedParts => {
		known ??= usedParts(findRealtimeFiles(folders));
		return known;
	};
	return {
		name: MODULE,
		buildStart() {
			known = undefined;
		},
		resolveId: {
			// Before the file is found.
			order: 'pre',
			handler(id, importer) {
				if (id === MODULE) return RESOLVED;
				if (isDevelopment || !id.startsWith('.') || importer === undefined) return undefined;
				return isLeftOut(ownModule(id, importer), used()) ? ABSENT_MODULE : undefined;
			},
		},
		load(id) {
			if (id !== RESOLVED) return undefined;
			return partsModule(packageName, isDevelopment ? ALL : used());
		},
	};
}

/** The module of this package that one of its modules imports, without its extension. */
function ownModule(id: string, importer: string): string | undefined {
	const module = withSlashes(relative(OWN, join(dirname(importer), id))).replace(EXTENSION, '');
	return module.startsWith('..') || importer.includes(ABSENT) ? undefined : module;
}

function isLeftOut(module: string | undefined, used: UsedParts): boolean {
	if (module === undefined) return false;
	return (Object.keys(MODULES) as LeftOut[]).some(
		(part) => (part === 'explanations' || !used[part]) && MODULES[part].includes(module),
	);
}

const ALL: UsedParts = {
	presence: true,
	shortForm: true,
	handlers: true,
	history: true,
	users: true,
};

function partsModule(packageName: string, used: UsedParts): string {
	const taken = (Object.keys(ADDED) as (keyof typeof ADDED)[])
		.filter((part) => used[part])
		.map((part) => ADDED[part]);
	const imports = taken.map(
		([module, name]) => `import { ${name} } from ${JSON.stringify(`${packageName}/${module}`)};\n`,
	);
	const names = taken.map(([, name]) => name);
	return `${imports.join('')}export const parts = { ${names.join(', ')} };\n`;
}
