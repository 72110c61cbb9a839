import { readFileSync } from 'node:fs';

/** The root of the repository. */
export const root = new URL('../../', import.meta.url);

const manifest = readFileSync(new URL('Cargo.toml', root), 'utf8');
const [, found] = manifest.match(/^repository = "(.+)"$/m) ?? [];
if (!found) throw new Error('Cargo.toml names no repository: add `repository = "https://…"`.');

/** The address of the public repository. */
export const repository = found;

const [owner, name] = new URL(repository).pathname.slice(1).split('/');

/** The address of the site: that of the repository on GitHub Pages. */
export const site = `https://${owner}.github.io`;
export const base = `/${name}`;
