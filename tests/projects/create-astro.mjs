// create-astro without a network. GitHub sends the repository that is in a folder of this machine.
import dns from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { createGzip } from 'node:zlib';

const [node, script, modules, folder, ...rest] = process.argv;
const { resolve } = createRequire(join(modules, 'create-astro.cjs'));
const load = (path) => import(pathToFileURL(path));
const { packTar } = await load(resolve('modern-tar/fs'));

/** The branch of the repository. */
const BRANCH = 'main';
/** The folder of the repository in the folder, and in the archives of GitHub. */
const REPOSITORY = 'repository';

// It asks whether there is a network.
dns.lookup = async () => ({ address: '127.0.0.1', family: 4 });

globalThis.fetch = async (input) => {
	const { host, pathname } = new URL(input);
	const [, owner, name, kind, ref, ...path] = pathname.replace(/^\/repos/, '').split('/');
	if (host === 'github.com' && kind === 'tree') {
		const isThere = ref === BRANCH && existsSync(join(folder, REPOSITORY, ...path));
		return new Response(null, { status: isThere ? 200 : 404 });
	}
	if (host === 'api.github.com' && kind === 'tarball') {
		return new Response(Readable.toWeb(packTar(folder).pipe(createGzip())));
	}
	if (host === 'api.github.com' && owner && name) return Response.json({ default_branch: BRANCH });
	// The registry, which tells the newest Astro.
	return Response.json({ version: '0.0.0' });
};

process.argv = [node, script, ...rest];
await load(resolve('create-astro'));
