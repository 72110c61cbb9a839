import starlight from '@astrojs/starlight';
import { defineConfig } from 'astro/config';
import { groups } from './pages.mjs';
import { base, repository, site } from './repository.mjs';

export default defineConfig({
	site,
	base,
	integrations: [
		starlight({
			title: 'WebSockets and channels in Astro',
			description: 'WebSockets and realtime channels for Astro, on Node.js and Cloudflare.',
			social: [{ icon: 'github', label: 'Source', href: repository }],
			editLink: { baseUrl: `${repository}/edit/main/docs/site/` },
			sidebar: groups.map(({ label, pages }) => ({
				label,
				collapsed: label === 'For maintainers',
				items: pages.map(({ slug }) => slug),
			})),
		}),
	],
});
