/** Servers of a test alone. */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { until } from './engine.fixture.ts';

/** A server of a test alone, in a folder of its own. It keeps what it has acknowledged. */
export abstract class OwnServer {
	readonly port: number;
	protected readonly folder: string;
	#process: ChildProcess | undefined;

	protected constructor(port: number, folder: string) {
		this.port = port;
		this.folder = folder;
	}

	/** Starts a server that ends with the test. */
	protected static async startNew<Own extends OwnServer>(
		context: TestContext,
		create: (port: number, folder: string) => Own,
	): Promise<Own> {
		const folder = await mkdtemp(join(tmpdir(), 'realtime-'));
		const server = create(await freePort(), folder);
		context.after(async () => {
			await server.kill();
			await rm(folder, { recursive: true, force: true });
		});
		await server.start();
		return server;
	}

	/** The program of the server, with its arguments. */
	protected abstract readonly command: readonly [program: string, ...args: readonly string[]];
	/** Whether a connection shows that the server can be used. */
	protected abstract isReady(socket: Socket): Promise<boolean>;

	/** Writes all data to the folder. */
	abstract save(): Promise<void>;
	/** Keeps a copy of the data of now. Returns whether the server had to start again for it. */
	abstract keepCopy(): Promise<boolean>;
	/** Puts the copy in the place of the data. The server does not run. */
	abstract useCopy(): Promise<void>;
	/** Removes the data. The server does not run. */
	abstract empty(): Promise<void>;

	/** Starts with the data of the folder. */
	async start(): Promise<void> {
		const [program, ...args] = this.command;
		this.#process = spawn(program, args, { stdio: 'ignore' });
		await until('the server answers', async () => {
			return (await this.connected((socket) => this.isReady(socket))) === true;
		});
	}

	/** Ends at once. */
	async kill(): Promise<void> {
		this.signal('SIGCONT');
		await this.end('SIGKILL');
	}

	signal(signal: NodeJS.Signals): void {
		this.#process?.kill(signal);
	}

	/** Sends a signal, and waits for the end of the process. */
	protected async end(signal: NodeJS.Signals): Promise<void> {
		const process = this.#process;
		this.#process = undefined;
		if (process === undefined || process.exitCode !== null) return;
		process.kill(signal);
		await once(process, 'exit');
	}

	/** Does something over a connection. Undefined if there is none. */
	protected async connected<Value>(
		use: (socket: Socket) => Promise<Value>,
	): Promise<Value | undefined> {
		const socket = connect(this.port, '127.0.0.1');
		try {
			return await use(socket);
		} catch {
			return undefined;
		} finally {
			socket.destroy();
		}
	}
}

/**
 * A port that is free, also while its server starts again: it is below those that a system gives to
 * connections.
 */
async function freePort(): Promise<number> {
	for (;;) {
		const port = randomInt(6100, 10_000);
		const server = createServer().listen(port, '127.0.0.1');
		try {
			await once(server, 'listening');
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue;
			throw error;
		}
		server.close();
		await once(server, 'close');
		return port;
	}
}

/** The next bytes of a connection, as text. */
export async function nextText(socket: Socket): Promise<string> {
	const [bytes] = (await once(socket, 'data')) as [Buffer];
	return String(bytes);
}
