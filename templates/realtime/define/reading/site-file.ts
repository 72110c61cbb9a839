/** A file of the site below `src/realtime`. */
export interface SiteFile {
	/** The path relative to the site's root, with slashes: `src/realtime/rooms/[room].ts`. */
	readonly path: string;
	/** The folder below `src/realtime`: `rooms`. Empty for that folder itself. */
	readonly folder: string;
}

/** A file that is a channel. */
export interface ChannelSiteFile extends SiteFile {
	/** The path below `src/realtime` without its extension: `teams/[team]/rooms/[room]`. */
	readonly file: string;
	/** The path without parameters: `teams/rooms`. */
	readonly name: string;
	/** The names of the parameters in the order of the path. */
	readonly params: readonly string[];
}

interface Loaded {
	readonly module: Readonly<Record<string, unknown>>;
}

/** A module of the site, loaded. */
export interface SiteModule extends SiteFile, Loaded {}

/** A channel's file, loaded. */
export interface ChannelModule extends ChannelSiteFile, Loaded {}

/** What the virtual module of a site's files exports. */
export interface SiteModules {
	readonly files: readonly ChannelModule[];
	/** The `_middleware` files. */
	readonly middleware: readonly SiteModule[];
	/** Changes with the content of the files. */
	readonly version: string;
}
