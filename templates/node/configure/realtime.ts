import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AstroConfig, AstroIntegration } from 'astro';
import type { Plugin } from 'vite';
import { findRealtimeFiles, realtimeFolder } from '../../realtime/configure/files.ts';
import { realtimePlugin } from '../../realtime/configure/plugin.ts';
import { type Declarations, realtimeTypes } from '../../realtime/configure/types.ts';
import { ENDPOINT } from '../../realtime/protocol/constants.ts';

type Hooks = AstroIntegration['hooks'];
type Setup = Parameters<NonNullable<Hooks['astro:config:setup']>>[0];
type Done = Parameters<NonNullable<Hooks['astro:config:done']>>[0];

/** The module that `node/realtime` reads its settings from. */
const SETTINGS_MODULE = 'virtual:astro-websocket:realtime';

/** The realtime channels of a site, while its configuration is read. */
export class RealtimeSetup {
	/** Called in `astro dev` after a change of the site's files. */
	onChange: () => void = () => {};
	readonly #packageName: string;
	/** The places of the declarations that Astro wrote, by their name. */
	readonly #declarations = new Map<string, URL>();
	#config: Pick<AstroConfig, 'root' | 'srcDir' | 'base'> | undefined;

	/** @param packageName The name of this package. */
	constructor(packageName: string) {
		this.#packageName = packageName;
	}

	/** Whether the site has channels, or may get some while `astro dev` runs. */
	get isUsed(): boolean {
		return this.#config !== undefined;
	}

	/** Whether `src/realtime` exists now. */
	get hasFolder(): boolean {
		return this.#config !== undefined && existsSync(realtimeFolder(this.#config));
	}

	/** The module that reads the site's files when a built server starts. */
	get startModule(): string | undefined {
		return this.isUsed ? this.#endpointModule : undefined;
	}

	/**
	 * Adds the endpoint and the modules of channels to a site that has files in `src/realtime`. In
	 * `astro dev` every site gets them, so that its first file counts without a restart.
	 */
	setUp({ config, command, injectRoute, updateConfig }: Setup): void {
		const isDevelopment = command === 'dev';
		if (config.srcDir === undefined || !(isDevelopment || hasFiles(config))) return;
		this.#config = config;
		const hasTrailingSlash = config.trailingSlash === 'always';
		injectRoute({
			pattern: `${ENDPOINT}/[...path]`,
			entrypoint: isDevelopment
				? `${this.#packageName}/realtime/dev-endpoint`
				: this.#endpointModule,
			prerender: false,
		});
		const plugin = realtimePlugin({
			root: config.root,
			srcDir: config.srcDir,
			base: config.base,
			hasTrailingSlash,
			packageName: this.#packageName,
			onChange: () => this.onChange(),
			writeTypes: (declarations) => this.#write(declarations),
		});
		const settings = settingsPlugin({
			isDevelopment,
			scope: isDevelopment ? config.root.href : undefined,
			hasTrailingSlash,
		});
		updateConfig({ vite: { plugins: [plugin, settings] } });
	}

	/** Writes the declarations of the site's channels. */
	injectTypes({ injectTypes }: Pick<Done, 'injectTypes'>): void {
		if (this.#config === undefined) return;
		for (const declaration of realtimeTypes(findRealtimeFiles(this.#config), this.#packageName)) {
			// Since Astro 4.14.
			const place = injectTypes?.({ ...declaration });
			if (place !== undefined) this.#declarations.set(declaration.filename, place);
		}
	}

	get #endpointModule(): string {
		return `${this.#packageName}/realtime/endpoint`;
	}

	#write(declarations: readonly Declarations[]): void {
		for (const { filename, content } of declarations) {
			const place = this.#declarations.get(filename);
			if (place !== undefined) writeFileSync(place, content);
		}
	}
}

/** Whether the site has channel files, or files with a wrong path in their place. */
function hasFiles(config: Pick<AstroConfig, 'root' | 'srcDir'>): boolean {
	const { channels, middleware, problems } = findRealtimeFiles(config);
	return channels.length + middleware.length + problems.length > 0;
}

/** The file that reads the site's channels, for a dev server that loads it. */
export function siteLoader(): string {
	return fileURLToPath(new URL('../realtime/load-site.js', import.meta.url));
}

/** What `node/realtime` needs to know of the configuration. */
interface Settings {
	readonly isDevelopment: boolean;
	/** The root of the project in `astro dev`. */
	readonly scope: string | undefined;
	readonly hasTrailingSlash: boolean;
}

function settingsPlugin(settings: Settings): Plugin {
	const resolved = `\0${SETTINGS_MODULE}`;
	const content = Object.entries(settings)
		.map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};\n`)
		.join('');
	return {
		name: SETTINGS_MODULE,
		resolveId: (id) => (id === SETTINGS_MODULE ? resolved : undefined),
		load: (id) => (id === resolved ? content : undefined),
	};
}
