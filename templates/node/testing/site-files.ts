import { pathToFileURL } from 'node:url';
import { findRealtimeFiles, type ProjectFolders } from '../../realtime/configure/files.ts';
import { ProblemsError } from '../../realtime/define/reading/problem.ts';
import type { SiteFile, SiteModules } from '../../realtime/define/reading/site-file.ts';
import { hookModules } from './module-hooks.ts';

type Module = Readonly<Record<string, unknown>>;

/** What imports the files of a site in place of Node. */
export interface Importer {
	/** The files of the site that it knows. */
	load(): Promise<SiteModules>;
	/** @param file An absolute path. */
	importFile(file: string): Promise<Module>;
}

/**
 * Loads the files of `src/realtime`. Each is loaded once per process.
 *
 * @throws ProblemsError if a path is wrong.
 */
export async function loadSite(
	folders: ProjectFolders,
	importFile: Importer['importFile'] = importByNode,
): Promise<SiteModules> {
	const { channels, middleware, problems } = findRealtimeFiles(folders);
	if (problems.length > 0) throw new ProblemsError(problems);
	if (channels.length === 0) {
		throw new Error(
			`There are no channels in ${new URL('realtime/', folders.srcDir)}. Give the root of the site: testRealtime({ root }).`,
		);
	}
	const load = async <File extends SiteFile & { readonly location: string }>({
		location,
		...file
	}: File): Promise<Omit<File, 'location'> & { readonly module: Module }> => ({
		...file,
		module: await importFile(location),
	});
	return {
		files: await Promise.all(channels.map(load)),
		middleware: await Promise.all(middleware.map(load)),
		version: 'test',
	};
}

async function importByNode(file: string): Promise<Module> {
	hookModules();
	return await import(pathToFileURL(file).href);
}
