import type { AstroConfig, AstroIntegration, AstroIntegrationLogger } from 'astro';
import { AstroError } from 'astro/errors';
import { packageName } from '../../configure/package-name.ts';
import { DeclarationFiles } from '../../realtime/configure/declaration-files.ts';
import { hasRealtimeFiles } from '../../realtime/configure/files.ts';
import { realtimePlugin } from '../../realtime/configure/plugin.ts';
import { ENDPOINT } from '../../realtime/protocol/constants.ts';
import { supportsExports } from './exports-support.ts';
import { planObject } from './object-config.ts';
import type { Wrong } from './object-errors.ts';
import { partsPlugin } from './parts-plugin.ts';
import { devPlugin } from './realtime-dev.ts';
import { type RealtimeSettings, settingsPlugin } from './settings-plugin.ts';
import type { WorkerConfig } from './worker-config.ts';
import { workerModule, workerModulePlugin } from './worker-module.ts';

type Hooks = AstroIntegration['hooks'];
type Setup = Parameters<NonNullable<Hooks['astro:config:setup']>>[0];
type Done = Parameters<NonNullable<Hooks['astro:config:done']>>[0];

/** The realtime channels of a site, while its configuration is read. */
export interface RealtimeSetup {
	/** Adds the endpoint and the modules of channels. */
	setUp(parameters: Setup, options: ObjectOptions): void;
	/** Writes the declarations of the site's channels. */
	injectTypes(parameters: Pick<Done, 'injectTypes'>): void;
}

/** What is used of the parameters of `astro:config:setup`. */
export interface ObjectSetup {
	readonly command: string;
	readonly config: Pick<AstroConfig, 'root' | 'srcDir'>;
	readonly logger: Pick<AstroIntegrationLogger, 'warn'>;
}

/** What the options of the adapter say about channels. */
type ObjectOptions = Pick<RealtimeSettings, 'maxMessagesPerSecond' | 'presenceCheck'>;

type Customizer<Config> = (config: Config) => Config;

/**
 * Adds the Durable Object of channels to what upstream adds to the configuration of the Worker. A
 * site without channels keeps upstream's.
 *
 * @param readsExports Whether the Wrangler of a site with this root reads `exports`.
 * @throws AstroError with the lines to paste, where a build could not be deployed.
 */
export function withRealtimeObject<Config extends WorkerConfig>(
	customizer: Customizer<Config>,
	{ command, config: { root, srcDir }, logger }: ObjectSetup,
	readsExports: (root: URL) => boolean = supportsExports,
): Customizer<Config> {
	return (config) => {
		const customized = customizer(config);
		const plan = planObject(config, {
			hasChannels: srcDir !== undefined && hasRealtimeFiles({ root, srcDir }),
			supportsExports: () => readsExports(root),
		});
		if ('message' in plan) throw errorOf(plan);
		const { exportsClass, additions, undeployable } = plan;
		if (!exportsClass) return customized;
		if (undeployable !== undefined) {
			if (command === 'build') throw errorOf(undeployable);
			if (command === 'dev') logger.warn(`${undeployable.message}\n${undeployable.hint}`);
		}
		const { main } = customized;
		const module = main === undefined ? undefined : workerModule(main, config, root);
		const { previews, ...always } = additions;
		return {
			...customized,
			...always,
			...(module !== undefined && { main: module }),
			// Wrangler knows them if upstream adds to them.
			...(customized.previews !== undefined && {
				previews: { ...customized.previews, ...previews },
			}),
		};
	};
}

function errorOf({ message, hint }: Wrong): AstroError {
	return new AstroError(message, hint);
}

/** The setup of channels. Before Astro 6, a site cannot have any. */
export function realtimeSetup(name: string = packageName()): RealtimeSetup {
	let declarations: DeclarationFiles | undefined;
	return {
		setUp({ config, command, injectRoute, updateConfig }, options) {
			const { root, srcDir, base } = config;
			// Configurations in tests of integrations may lack it.
			if (srcDir === undefined) return;
			const isDevelopment = command === 'dev';
			const folders = { root, srcDir };
			const hasChannels = (): boolean => hasRealtimeFiles(folders);
			const worker = workerModulePlugin({ objectModule: `${name}/realtime/object`, hasChannels });
			const hasTrailingSlash = config.trailingSlash === 'always';
			// A page that asks for statistics reads them before the site has its first channel.
			const settings = settingsPlugin({ isDevelopment, hasTrailingSlash, ...options });
			updateConfig({ vite: { plugins: [worker, settings] } });
			// In `astro dev` the first file may come later.
			if (!isDevelopment && !hasChannels()) return;
			const files = new DeclarationFiles(folders, name);
			declarations = files;
			injectRoute({
				pattern: `${ENDPOINT}/[...path]`,
				entrypoint: `${name}/realtime/endpoint`,
				prerender: false,
			});
			const dev = devPlugin(folders, name);
			const channels = realtimePlugin({
				...folders,
				base,
				hasTrailingSlash,
				packageName: name,
				reload: dev.reload,
				hasFailed: dev.hasFailed,
				writeTypes: (changed) => files.write(changed),
			});
			const parts = partsPlugin(folders, name, isDevelopment);
			updateConfig({ vite: { plugins: [channels, parts, dev.plugin] } });
		},
		injectTypes(done) {
			declarations?.inject(done);
		},
	};
}
