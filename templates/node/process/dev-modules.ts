import { AsyncLocalStorage } from 'node:async_hooks';
import { sep } from 'node:path';
import type { Plugin } from 'vite';
import { perProcess } from './per-process.ts';

/** One run of a module of the site. */
interface Run {
	/** Whether its top level has come to its end. */
	isOver: boolean;
	/** Take back what it has registered. */
	readonly undo: (() => void)[];
}

const REGISTRY = 'dev-modules';

/**
 * What the modules of a site have registered at their top level in `astro dev`. Vite runs a module
 * anew when it, or something it imports, was edited; without this, every run would leave its
 * listeners behind.
 */
class DevModules {
	readonly #runs: Map<string, Run> = new Map();
	readonly #running: AsyncLocalStorage<Run | undefined> = new AsyncLocalStorage();

	/**
	 * A module begins to run: takes back what its last run has registered.
	 *
	 * @returns What is to be called at its end.
	 */
	begin(file: string): () => void {
		this.forget((other) => other === file);
		const run: Run = { isOver: false, undo: [] };
		this.#runs.set(file, run);
		const before = this.#running.getStore();
		// The top level may await.
		this.#running.enterWith(run);
		return () => {
			run.isOver = true;
			this.#running.enterWith(before);
		};
	}

	/** Something was registered: it is taken back when the module that runs now runs anew. */
	registered(undo: () => void): void {
		const run = this.#running.getStore();
		if (run?.isOver === false) run.undo.push(undo);
	}

	/** Takes back what these modules have registered. */
	forget(isForgotten: (file: string) => boolean): void {
		for (const [file, { undo }] of this.#runs) {
			if (!isForgotten(file)) continue;
			this.#runs.delete(file);
			for (const one of undo) one();
		}
	}
}

function processRegistry(): DevModules {
	return perProcess(REGISTRY, () => new DevModules());
}

/** Takes something back when the module that registers it runs anew. It does nothing but in `astro dev`. */
export function undoneInDev(undo: () => void): void {
	const modules: DevModules | undefined = Reflect.get(
		globalThis,
		Symbol.for(`astro.websocket.${REGISTRY}`),
	);
	modules?.registered(undo);
}

/** Takes back what the modules below a folder, or one module, have registered. */
export function forgetModules(path: string): void {
	processRegistry().forget(
		(file) => file === path || file.startsWith(path.endsWith(sep) ? path : path + sep),
	);
}

/** The modules of a site by the ends of their names: not styles, and no parts of another module. */
const MODULE = /\.(?:[cm]?[jt]sx?|astro|mdx?|svelte|vue)$/;

/** Makes the modules of the site tell when they run, in `astro dev`. */
export function devModulesPlugin(): Plugin {
	return {
		name: 'astro-websocket:dev-modules',
		apply: 'serve',
		enforce: 'post',
		configureServer() {
			processRegistry();
		},
		transform(code, id, options) {
			const isOfSite = MODULE.test(id) && !id.startsWith('\0') && !id.includes('/node_modules/');
			if (!isOfSite || options?.ssr !== true) return;
			const begin = `globalThis[Symbol.for("astro.websocket.${REGISTRY}")]?.begin(${JSON.stringify(id)})`;
			// On the first line, so that the lines of errors stay what they are.
			return { code: `const __endOfRun = ${begin};${code}\n;__endOfRun?.();`, map: null };
		},
	};
}
