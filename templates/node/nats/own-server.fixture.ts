/** Servers of NATS, each of a test alone. */

import { cp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Stage, testWith } from '../engine/engine.fixture.ts';
import { nextText, OwnServer } from '../engine/own-server.fixture.ts';

/** The program of a server. */
const { NATS_SERVER } = process.env;

/** A test that starts servers. */
export const ownServerTest: Stage['test'] = testWith(NATS_SERVER, 'NATS_SERVER');

export class NatsServer extends OwnServer {
	readonly #options: readonly string[];

	private constructor(port: number, folder: string, options: readonly string[]) {
		super(port, folder);
		this.#options = options;
	}

	/** Without options it has JetStream. */
	static async start(context: TestContext, ...options: readonly string[]): Promise<NatsServer> {
		return await OwnServer.startNew(
			context,
			(port, folder) => new NatsServer(port, folder, options),
		);
	}

	get url(): string {
		return `nats://127.0.0.1:${this.port}`;
	}

	protected get command(): readonly [string, ...string[]] {
		const data = ['--jetstream', '--store_dir', this.#data];
		const options = this.#options.length > 0 ? this.#options : data;
		const port = String(this.port);
		return [NATS_SERVER ?? '', '--addr', '127.0.0.1', '--port', port, ...options];
	}

	protected async isReady(socket: Socket): Promise<boolean> {
		return (await nextText(socket)).startsWith('INFO');
	}

	/** Everything that was acknowledged is in the folder already. */
	async save(): Promise<void> {}

	/** A copy of files that are being written may be torn, so the server ends and starts again. */
	async keepCopy(): Promise<boolean> {
		await this.end('SIGTERM');
		await cp(this.#data, this.#copy, { recursive: true });
		await this.start();
		return true;
	}

	async useCopy(): Promise<void> {
		await this.empty();
		await cp(this.#copy, this.#data, { recursive: true });
	}

	async empty(): Promise<void> {
		await rm(this.#data, { recursive: true, force: true });
	}

	get #data(): string {
		return join(this.folder, 'data');
	}

	get #copy(): string {
		return join(this.folder, 'copy');
	}
}
