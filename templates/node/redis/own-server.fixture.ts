/** Servers of Redis or Valkey, each of a test alone. */

import { cp, mkdir, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Stage, testWith } from '../engine/engine.fixture.ts';
import { nextText, OwnServer } from '../engine/own-server.fixture.ts';

/** The program of a server. */
const { REDIS_SERVER } = process.env;

/** A test that starts servers. */
export const ownServerTest: Stage['test'] = testWith(REDIS_SERVER, 'REDIS_SERVER');

export class RedisServer extends OwnServer {
	static async start(context: TestContext): Promise<RedisServer> {
		return await OwnServer.startNew(context, (port, folder) => new RedisServer(port, folder));
	}

	protected get command(): readonly [string, ...string[]] {
		const port = String(this.port);
		return [REDIS_SERVER ?? '', '--port', port, '--dir', this.folder, '--save', ''];
	}

	protected async isReady(socket: Socket): Promise<boolean> {
		socket.write('PING\r\n');
		return (await nextText(socket)).includes('PONG');
	}

	async save(): Promise<void> {
		await this.send('SAVE');
	}

	async keepCopy(): Promise<boolean> {
		await this.send('SAVE');
		await mkdir(join(this.folder, 'copy'), { recursive: true });
		await cp(this.#data, join(this.folder, 'copy', 'dump.rdb'));
		return false;
	}

	async useCopy(): Promise<void> {
		await cp(join(this.folder, 'copy', 'dump.rdb'), this.#data);
	}

	async empty(): Promise<void> {
		await rm(this.#data, { force: true });
	}

	/** Sends one command in words, and resolves with the answer as it is. */
	async send(...words: readonly string[]): Promise<string> {
		const answer = await this.connected(async (socket) => {
			socket.write(`${words.join(' ')}\r\n`);
			return await nextText(socket);
		});
		return answer ?? '';
	}

	get #data(): string {
		return join(this.folder, 'dump.rdb');
	}
}
