import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { AstroInlineConfig, AstroIntegration } from 'astro';
import { folderOf } from './folder.ts';

export interface DevServerOptions {
	/** The root of the site, as a path or a `file:` URL. Default: the working directory. */
	readonly root?: string | URL | undefined;
}

/** `astro dev` in the process of a test. */
export interface TestDevServer {
	/** Takes connections of {@link injectWebSocket} alone: it never listens. */
	readonly server: Server;
	close(): Promise<void>;
	[Symbol.asyncDispose](): Promise<void>;
}

/** Switches off what `astro dev` does for the person in front of it. */
const UNATTENDED: Readonly<Record<string, string>> = {
	ASTRO_TELEMETRY_DISABLED: '1',
	ASTRO_DISABLE_UPDATE_CHECK: 'true',
};

/**
 * Runs `astro dev` for a site in this process, without a port: its sources as they are now, with their
 * middleware and their channels.
 *
 * @throws Error if Astro cannot start the site.
 */
export async function startDevServer({
	root = process.cwd(),
}: DevServerOptions = {}): Promise<TestDevServer> {
	const folder = folderOf(root);
	// Not imported: where Vite runs this module, Astro makes types alone of its name.
	const { dev }: Pick<typeof import('astro'), 'dev'> = createRequire(
		new URL('package.json', folder),
	)('astro');
	let server: Server | undefined;
	const withoutPort: AstroIntegration = {
		name: 'zastro-testing',
		hooks: {
			'astro:server:setup'({ server: { httpServer } }) {
				if (httpServer !== null) server = closedToNetwork(httpServer as Server);
			},
		},
	};
	const config: AstroInlineConfig = {
		root: fileURLToPath(folder),
		logLevel: 'warn',
		devToolbar: { enabled: false },
		server: { port: 0, open: false },
		integrations: [withoutPort],
		vite: { server: { watch: null } },
	};
	const restore = setVariables();
	try {
		const site = await dev(config);
		if (server === undefined) {
			await site.stop();
			throw new Error(
				'`astro dev` has no server of its own: remove `vite.server.middlewareMode` from the configuration.',
			);
		}
		const close = (): Promise<void> => site.stop();
		return { server, close, [Symbol.asyncDispose]: close };
	} finally {
		restore();
	}
}

/** Sets the variables that `astro dev` reads when it starts. Returns what sets them back. */
function setVariables(): () => void {
	// In Vitest, Astro would answer no request.
	const { VITEST } = process.env;
	delete process.env.VITEST;
	for (const [name, value] of Object.entries(UNATTENDED)) process.env[name] ??= value;
	return () => {
		if (VITEST !== undefined) process.env.VITEST = VITEST;
	};
}

/** Makes a server say that it listens, without a port. */
function closedToNetwork(server: Server): Server {
	const address: AddressInfo = { address: '127.0.0.1', family: 'IPv4', port: 0 };
	const { close } = server;
	return Object.assign(server, {
		listen(...options: readonly unknown[]): Server {
			const callback = options.at(-1);
			if (typeof callback === 'function') server.once('listening', callback as () => void);
			setImmediate(() => server.emit('listening'));
			return server;
		},
		address: () => address,
		close(callback?: () => void): Server {
			// For Node it is an error to close what does not listen.
			return close.call(server, () => callback?.());
		},
	});
}
