import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Loader, LoaderContext } from 'astro/loaders';
import { groups } from '../pages.mjs';
import { repository, root } from '../repository.mjs';

const pages = groups.flatMap((group) => group.pages);
const slugs: Map<string, string> = new Map(pages.map(({ file, slug }) => [file, slug]));

const IMAGE: RegExp = /\.(png|svg|webp)$/;

/**
 * Loads the Markdown pages that `pages.mjs` lists. The first heading becomes the title. Links to other listed
 * pages lead to them on the site; links to other files of the repository lead to the public repository.
 */
export function pagesOfTheRepository(): Loader {
	return {
		name: 'pages-of-the-repository',
		async load(context) {
			context.store.clear();
			const load = (page: { slug: string; file: string }): Promise<void> => loadPage(page, context);
			await Promise.all(pages.map(load));
			context.watcher?.add(pages.map(({ file }) => fileURLToPath(new URL(file, root))));
			context.watcher?.on('change', async (path) => {
				const page = pages.find(({ file }) => fileURLToPath(new URL(file, root)) === path);
				if (page) await load(page);
			});
		},
	};
}

async function loadPage(
	{ slug, file }: { slug: string; file: string },
	{ config, store, parseData, generateDigest, renderMarkdown }: LoaderContext,
): Promise<void> {
	const text = await readFile(new URL(file, root), 'utf8');
	const [, heading, rest] = /^# (.+)\n([^]*)$/.exec(text) ?? [];
	if (!heading || rest === undefined) {
		throw new Error(`${file} does not begin with a heading: begin it with \`# Title\`.`);
	}
	const title = heading.replaceAll('`', '');
	const body = withLinksOfTheSite(rest, file, config.base);
	// With the place of the page, Astro finds its images.
	const rendered = await renderMarkdown(body, { fileURL: new URL(file, root) });
	const images = rendered.metadata?.imagePaths;
	store.set({
		id: slug,
		data: await parseData({ id: slug, data: { title } }),
		body,
		filePath: posix.join('../..', file),
		digest: generateDigest(text),
		rendered,
		...(images !== undefined && { assetImports: images }),
	});
}

/** Replaces the relative links of a page. Leaves those in code blocks alone. */
function withLinksOfTheSite(text: string, file: string, base: string): string {
	const replace = (link: string): string => {
		if (/^([a-z]+:|#|\/)/.test(link) || IMAGE.test(link)) return link;
		const [path = '', anchor] = link.split('#');
		const target = posix.join(posix.dirname(file), path);
		const slug = slugs.get(target);
		const address =
			slug === undefined ? `${repository}/blob/main/${target}` : `${base.replace(/\/$/, '')}/${slug}/`;
		return anchor === undefined ? address : `${address}#${anchor}`;
	};
	return text
		.split(/^(```[^]*?^```)$/m)
		.map((part, index) =>
			index % 2 === 1 ? part : part.replaceAll(/\]\(([^)\s]+)\)/g, (_, link) => `](${replace(link)})`),
		)
		.join('');
}
