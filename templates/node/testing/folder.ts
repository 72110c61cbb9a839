import { pathToFileURL } from 'node:url';

/** The URL of a folder, which ends with a slash, from a path or a `file:` URL. */
export function folderOf(folder: string | URL): URL {
	const isUrl = folder instanceof URL || folder.startsWith('file:');
	return withSlash(isUrl ? new URL(folder) : pathToFileURL(folder));
}

function withSlash(url: URL): URL {
	return url.href.endsWith('/') ? url : new URL(`${url.href}/`);
}
