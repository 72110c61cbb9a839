import { type ChannelFile, type RealtimeFiles, withSlashes } from './files.ts';

/** A declaration file in the site's `.astro` folder. */
export interface Declarations {
	readonly filename: string;
	readonly content: string;
}

/**
 * The declarations that type `zastro:realtime` and `zastro:realtime/client` for a site. Two files,
 * because only a module augments a package, and only a script declares modules.
 *
 * @param packageName The package whose `/realtime` has the types.
 */
export function realtimeTypes(files: RealtimeFiles, packageName: string): readonly Declarations[] {
	const types = `import(${JSON.stringify(`${packageName}/realtime`)})`;
	return [
		{ filename: 'realtime.d.ts', content: siteTypes(files, packageName, types) },
		{ filename: 'realtime-modules.d.ts', content: moduleTypes(packageName, types) },
	];
}

/** Changes with the files. */
function siteTypes(
	{ channels, middleware }: RealtimeFiles,
	packageName: string,
	types: string,
): string {
	const root = middleware.find(({ folder }) => folder === '');
	const params = channels.flatMap((channel) => channel.params).sort();
	const files = channels.map(({ file }) => file).sort();
	const user = root === undefined ? 'undefined' : `${types}.UserOf<${typeOf(root.location)}>`;
	return `declare module ${JSON.stringify(`${packageName}/realtime`)} {
	interface Register {
		user: ${user};
		params: ${union(params)};
		files: ${union(files)};
		server: ${tree(channels, `${types}.OpenOnServer`, '\t\t')};
		client: ${tree(channels, `${types}.OpenOnClient`, '\t\t')};
		testing: ${tree(channels, `${types}.OpenInTest`, '\t\t')};
	}
}
export {};
`;
}

/** The same for each site. */
function moduleTypes(packageName: string, types: string): string {
	const error = `export { RealtimeError } from ${JSON.stringify(`${packageName}/realtime`)};`;
	return `declare module 'zastro:realtime' {
	/** The channels of \`src/realtime\`. */
	export const channels: ${types}.ServerChannels;
	/** Messages to users. */
	export const socket: ${types}.ServerSocket;
	export const defineChannel: ${types}.DefineChannel;
	/** The schema of bytes. */
	export const binary: ${types}.DefineBinary;
	/** The default of \`onMessageReceived\` in the short form. */
	export const logMessage: ${types}.LogMessage;
	/** The default of \`onError\`. */
	export const logError: ${types}.LogError;
	${error}
}
declare module 'zastro:realtime/client' {
	/** The channels of \`src/realtime\`. */
	export const channels: ${types}.ClientChannels;
	/** Messages to this user. */
	export const socket: ${types}.ClientSocket;
	${error}
}
`;
}

/** The channels below a name. */
interface Branch {
	readonly channels: ChannelFile[];
	readonly below: Map<string, Branch>;
}

function tree(channels: readonly ChannelFile[], open: string, indent: string): string {
	const top: Branch = { channels: [], below: new Map() };
	for (const channel of channels) {
		let branch = top;
		for (const name of channel.name.split('/')) {
			const next = branch.below.get(name) ?? { channels: [], below: new Map() };
			branch.below.set(name, next);
			branch = next;
		}
		branch.channels.push(channel);
	}
	return members(top, open, indent);
}

function members({ below }: Branch, open: string, indent: string): string {
	if (below.size === 0) return '{}';
	const inner = `${indent}\t`;
	const lines = [...below].map(([name, branch]) => {
		// TypeScript takes the first overload that fits. Node 18 has no `toSorted()`.
		const overloads = [...branch.channels]
			.sort((one, other) => other.params.length - one.params.length)
			.map(({ location, params }) => `${open}<${typeOf(location)}, ${paramsType(params)}>`);
		const nested = branch.below.size === 0 ? [] : [members(branch, open, inner)];
		return `${inner}readonly ${JSON.stringify(name)}: ${[...overloads, ...nested].join(' & ')};\n`;
	});
	return `{\n${lines.join('')}${indent}}`;
}

function paramsType(params: readonly string[]): string {
	if (params.length === 0) return '{}';
	const names = params.map((param) => `readonly ${JSON.stringify(param)}: string`);
	return `{ ${names.join('; ')} }`;
}

/** The type of a module. TypeScript finds the `.ts` of an import of `.js` in every configuration. */
function typeOf(location: string): string {
	const path = withSlashes(location).replace(/ts$/, 'js');
	return `typeof import(${JSON.stringify(path)})`;
}

function union(names: readonly string[]): string {
	const unique = [...new Set(names)];
	return unique.length === 0 ? 'never' : unique.map((name) => JSON.stringify(name)).join(' | ');
}
