import { AsyncLocalStorage } from 'node:async_hooks';
import { sep } from 'node:path';
import type { Plugin } from 'vite';
import { perProcess } from './per-process.ts';

/** One run of a module of the site. */
interface Run {
	/** Whether the top level has finished. */
	isOver: boolean;
	/** Functions that undo the registrations of the run. */
	readonly undo: (() => void)[];
}

const REGISTRY = 'dev-modules';

/**
 * The top-level registrations of the site's modules in `astro dev`. Vite runs a module again after
 * an edit of it or of one of its imports. Without this class, every run would leave its listeners
 * behind.
 */
class DevModules {
	readonly #runs: Map<string, Run> = new Map();
	readonly #running: AsyncLocalStorage<Run | undefined> = new AsyncLocalStorage();

	/**
	 * Called at the start of a module: undoes the registrations of its previous run.
	 *
	 * @returns A function to call at the end of the module.
	 */
	begin(file: string): () => void {
		this.forget((other) => other === file);
		const run: Run = { isOver: false, undo: [] };
		this.#runs.set(file, run);
		const before = this.#running.getStore();
		// `enterWith()`, because the top level may await.
		this.#running.enterWith(run);
		return () => {
			run.isOver = true;
			this.#running.enterWith(before);
		};
	}

	/** Called for a registration: it is undone when the running module runs again. */
	registered(undo: () => void): void {
		const run = this.#running.getStore();
		if (run?.isOver === false) run.undo.push(undo);
	}

	/** Undoes the registrations of the matching modules. */
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

/** Undoes a registration when the registering module runs again. A no-op outside of `astro dev`. */
export function undoneInDev(undo: () => void): void {
	const modules: DevModules | undefined = Reflect.get(
		globalThis,
		Symbol.for(`astro.websocket.${REGISTRY}`),
	);
	modules?.registered(undo);
}

/** Undoes the registrations of one module, or of all modules below a folder. */
export function forgetModules(path: string): void {
	processRegistry().forget(
		(file) => file === path || file.startsWith(path.endsWith(sep) ? path : path + sep),
	);
}

/** The extensions of a site's modules. Styles, and parts of another module, are left out. */
const MODULE = /\.(?:[cm]?[jt]sx?|astro|mdx?|svelte|vue)$/;

/** Makes the modules of the site report their runs in `astro dev`. */
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
			// On the first line, so that line numbers in errors stay correct.
			return { code: `const __endOfRun = ${begin};${code}\n;__endOfRun?.();`, map: null };
		},
	};
}
