/** What happens to the network between a process and its server. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

interface Connection {
	readonly client: Socket;
	readonly server: Socket;
	/** Whether the client subscribed to something. */
	isSubscribed: boolean;
	/** Whether nothing comes back. */
	isSilent: boolean;
}

/** Makes what a connection leaves of the bytes that come back. */
export type Filter = () => (data: Buffer) => Buffer;

/** A way to a server that can be cut, or swallow what is sent. */
export class TcpProxy {
	readonly #target: { readonly host: string; readonly port: number };
	readonly #filter: Filter;
	readonly #connections = new Set<Connection>();
	readonly #server: Server;
	/** Which connections swallow everything, in both directions. */
	#isSwallowed: (connection: Connection) => boolean = () => false;
	#refuses = false;
	/** The request whose answer is lost, with all that follows on its connection. */
	#unanswered: RegExp | undefined;
	/** Milliseconds for which answers to connections that subscribe are held back. */
	#latency = 0;

	private constructor(host: string, port: number, filter: Filter) {
		this.#target = { host, port };
		this.#filter = filter;
		this.#server = createServer((client) => this.#connected(client));
	}

	static async start(
		context: TestContext,
		port: number,
		host = '127.0.0.1',
		filter: Filter = () => (data) => data,
	): Promise<TcpProxy> {
		const proxy = new TcpProxy(host, port, filter);
		proxy.#server.listen(0, '127.0.0.1');
		await once(proxy.#server, 'listening');
		context.after(() => {
			proxy.cut();
			proxy.#server.close();
		});
		return proxy;
	}

	/** Host and port. */
	get address(): string {
		return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	/** The number of open connections. */
	get size(): number {
		return this.#connections.size;
	}

	/** Whether the answer to a request was lost, on a connection that is still open. */
	get hasLostAnswer(): boolean {
		return [...this.#connections].some(({ isSilent }) => isSilent);
	}

	/** Ends all connections. */
	cut(): void {
		for (const { client, server } of this.#connections) {
			client.destroy();
			server.destroy();
		}
		this.#connections.clear();
	}

	/** Ends all connections, and refuses new ones until `open()`. */
	close(): void {
		this.#refuses = true;
		this.cut();
	}

	/** @param latency Milliseconds for which answers to connections that subscribe are held back. */
	open(latency = 0): void {
		this.#refuses = false;
		this.#latency = latency;
		this.#isSwallowed = () => false;
		this.#unanswered = undefined;
	}

	/**
	 * Lets a request through, and nothing that comes back: from the one on that matches, its connection
	 * is silent.
	 */
	loseAnswerTo(request: RegExp): void {
		this.#unanswered = request;
	}

	/** Lets nothing through any more, and says nothing. */
	swallow(which: 'all' | 'subscriptions' = 'all'): void {
		this.#isSwallowed = ({ isSubscribed }) => which === 'all' || isSubscribed;
	}

	#connected(client: Socket): void {
		if (this.#refuses) {
			client.destroy();
			return;
		}
		const server = connect(this.#target);
		const connection: Connection = { client, server, isSubscribed: false, isSilent: false };
		this.#connections.add(connection);
		const end = (): void => {
			this.#connections.delete(connection);
			client.destroy();
			server.destroy();
		};
		client.on('data', (data) => {
			const text = data.toString('latin1');
			if (/subscribe/i.test(text)) connection.isSubscribed = true;
			if (this.#unanswered?.test(text)) connection.isSilent = true;
			if (!this.#isSwallowed(connection)) server.write(data);
		});
		const filter = this.#filter();
		server.on('data', (bytes) => {
			if (connection.isSilent || this.#isSwallowed(connection)) return;
			const data = filter(bytes);
			if (connection.isSubscribed && this.#latency > 0) {
				setTimeout(() => client.write(data), this.#latency);
			} else client.write(data);
		});
		for (const socket of [client, server]) {
			socket.on('error', () => {});
			socket.on('close', end);
		}
	}
}
