/**
 * The pages of the site, in the order of the sidebar. Each is a Markdown file of this repository, so that a
 * page reads the same here and on the site. `slug` is its address.
 *
 * @type {{ label: string, pages: { slug: string, file: string }[] }[]}
 */
export const groups = [
	{
		label: 'Start here',
		pages: [
			{ slug: 'start', file: 'docs/start.md' },
			{ slug: 'start/support', file: 'docs/support.md' },
			{ slug: 'start/versions', file: 'docs/versions.md' },
		],
	},
	{
		label: 'Guides',
		pages: [
			{ slug: 'guides/channels', file: 'docs/realtime.md' },
			{ slug: 'guides/authentication', file: 'docs/authentication.md' },
			{ slug: 'guides/presence', file: 'docs/presence.md' },
			{ slug: 'guides/islands', file: 'docs/islands.md' },
			{ slug: 'guides/notifications', file: 'docs/notifications.md' },
			{ slug: 'guides/inspector', file: 'docs/inspector.md' },
			{ slug: 'guides/testing', file: 'docs/testing-your-site.md' },
		],
	},
	{
		label: 'Run it',
		pages: [
			{ slug: 'run/proxies', file: 'docs/proxies.md' },
			{ slug: 'run/scaling', file: 'docs/scaling.md' },
			{ slug: 'run/deploy', file: 'docs/deploying.md' },
			{ slug: 'run/monitoring', file: 'docs/monitoring.md' },
		],
	},
	{
		label: 'Move here',
		pages: [{ slug: 'moving', file: 'docs/moving.md' }],
	},
	{
		label: 'Reference',
		pages: [
			{ slug: 'reference/node', file: 'adapters/node/README.md' },
			{ slug: 'reference/cloudflare', file: 'adapters/cloudflare/README.md' },
			{ slug: 'reference/troubleshooting', file: 'docs/troubleshooting.md' },
			{ slug: 'reference/protocol', file: 'templates/realtime/protocol.md' },
			{ slug: 'reference/security-policy', file: 'SECURITY.md' },
			{ slug: 'reference/changelog', file: 'CHANGELOG.md' },
		],
	},
	{
		label: 'For maintainers',
		pages: [
			{ slug: 'maintain/architecture', file: 'ARCHITECTURE.md' },
			{ slug: 'maintain/contributing', file: 'CONTRIBUTING.md' },
			{ slug: 'maintain/commands', file: 'docs/commands.md' },
			{ slug: 'maintain/patches', file: 'docs/patches.md' },
			{ slug: 'maintain/tests', file: 'docs/testing.md' },
			{ slug: 'maintain/upstream', file: 'docs/upstream-releases.md' },
			{ slug: 'maintain/publishing', file: 'docs/publishing.md' },
			{ slug: 'maintain/ci', file: 'docs/ci.md' },
			{ slug: 'maintain/adding-a-runtime', file: 'docs/adding-a-runtime.md' },
			{ slug: 'maintain/decisions', file: 'docs/decisions/README.md' },
		],
	},
];
