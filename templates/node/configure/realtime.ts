import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AstroConfig, AstroIntegration } from 'astro';
import { constantsPlugin } from '../../configure/constants-plugin.ts';
import { DeclarationFiles } from '../../realtime/configure/declaration-files.ts';
import { hasRealtimeFiles, realtimeFolder } from '../../realtime/configure/files.ts';
import { realtimePlugin } from '../../realtime/configure/plugin.ts';
import { ENDPOINT } from '../../realtime/protocol/constants.ts';
import { enginePlugin } from './realtime-engine.ts';
import type { ResolvedRealtimeOptions } from './realtime-options.ts';

type Hooks = AstroIntegration['hooks'];
type Setup = Parameters<NonNullable<Hooks['astro:config:setup']>>[0];
type Done = Parameters<NonNullable<Hooks['astro:config:done']>>[0];

/** The module that `node/realtime` reads its settings from. */
const SETTINGS_MODULE = 'virtual:astro-websocket:realtime';

/** The realtime channels of a site, while its configuration is read. */
export class RealtimeSetup {
	/** Called in `astro dev` after a change of the site's files. */
	reload: () => Promise<void> = async () => {};
	/** Whether the site's files could not be loaded in `astro dev`. */
	hasFailed = false;
	readonly #packageName: string;
	readonly #options: ResolvedRealtimeOptions;
	#config: Pick<AstroConfig, 'root' | 'srcDir'> | undefined;
	#declarations: DeclarationFiles | undefined;

	/** @param packageName The name of this package. */
	constructor(packageName: string, options: ResolvedRealtimeOptions) {
		this.#packageName = packageName;
		this.#options = options;
	}

	/** Whether the site has channels, or may get some while `astro dev` runs. */
	get isUsed(): boolean {
		return this.#config !== undefined;
	}

	/** Whether `src/realtime` exists now. */
	get hasFolder(): boolean {
		return this.#config !== undefined && existsSync(realtimeFolder(this.#config));
	}

	/**
	 * The code that reads the site's files and starts the engine when a built server starts. A server
	 * whose engine can never work does not start. The engine in memory needs no waiting, so that hosts
	 * can still `require()` the server.
	 */
	get start(): string {
		if (!this.isUsed) return '';
		const wait = this.#options.engine === 'memory' ? '' : 'await ';
		return `import ${JSON.stringify(this.#endpointModule)};
import { startEngine } from ${JSON.stringify(`${this.#packageName}/realtime/start-engine`)};
${wait}startEngine();
`;
	}

	/**
	 * Adds the endpoint and the modules of channels to a site that has files in `src/realtime`. In
	 * `astro dev` every site gets them, so that its first file counts without a restart.
	 *
	 * @param hooksFile The path of the hooks file, null if there is none.
	 * @throws AstroError if a package that the engine needs is not installed.
	 */
	setUp({ config, command, injectRoute, updateConfig }: Setup, hooksFile: string | null): void {
		const isDevelopment = command === 'dev';
		if (config.srcDir === undefined || !(isDevelopment || hasRealtimeFiles(config))) return;
		this.#config = config;
		const declarations = new DeclarationFiles(config, this.#packageName);
		this.#declarations = declarations;
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
			reload: () => this.reload(),
			hasFailed: () => this.hasFailed,
			writeTypes: (changed) => declarations.write(changed),
		});
		const settings: Settings = {
			isDevelopment,
			scope: isDevelopment ? config.root.href : undefined,
			hasTrailingSlash,
			engineOptions: JSON.stringify(this.#options),
		};
		const engine = enginePlugin({
			options: this.#options,
			root: config.root,
			hooksFile,
			packageName: this.#packageName,
			isDevelopment,
		});
		const plugins = [plugin, constantsPlugin(SETTINGS_MODULE, settings), engine];
		updateConfig({ vite: { plugins } });
	}

	/** Writes the declarations of the site's channels. */
	injectTypes(done: Pick<Done, 'injectTypes'>): void {
		this.#declarations?.inject(done);
	}

	get #endpointModule(): string {
		return `${this.#packageName}/realtime/endpoint`;
	}
}

/** The file that reads the site's channels, for a dev server that loads it. */
export function siteLoader(): string {
	return fileURLToPath(new URL('../realtime/load-site.js', import.meta.url));
}

/** The file that exports `startEngine()`. */
export function engineStarter(): string {
	return fileURLToPath(new URL('../realtime/start-engine.js', import.meta.url));
}

/** What `node/realtime` needs to know of the configuration. */
interface Settings {
	readonly isDevelopment: boolean;
	/** The root of the project in `astro dev`. */
	readonly scope: string | undefined;
	readonly hasTrailingSlash: boolean;
	readonly engineOptions: string;
}
