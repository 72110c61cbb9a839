import type { Duplex } from 'node:stream';

/** The part of a client of ioredis or iovalkey that is used here, of a server or of a Cluster. */
export interface RedisClient {
	/** A Cluster has several connections. */
	readonly isCluster?: boolean;
	/** The connection, once it is being made. */
	readonly stream?: Duplex & { unref?(): void };
	/** Resolves when the connection is there, and the password was accepted. */
	connect(): Promise<void>;
	disconnect(): void;
	callBuffer(command: string, ...args: readonly Argument[]): Promise<unknown>;
	subscribe(...subjects: readonly string[]): Promise<unknown>;
	unsubscribe(...subjects: readonly string[]): Promise<unknown>;
	/** The connections of a Cluster. */
	nodes?(role: 'master'): readonly RedisClient[];
	on(event: 'error', listener: (error: Error) => void): unknown;
	on(event: 'end' | 'connect' | '+node' | '-node', listener: () => void): unknown;
	on(event: 'messageBuffer', listener: (subject: Buffer, message: Buffer) => void): unknown;
}

export type Argument = string | number | Buffer;

/** Makes the clients of an engine. None of them reconnects by itself, or sends a command again. */
export interface Clients {
	/** The server, for errors: without user and password. */
	readonly place: string;
	/** Whether they use TLS. */
	readonly isTls: boolean;
	/** Whether the server speaks without TLS. Undefined if that cannot be found out. */
	readonly speaksPlain?: (() => Promise<boolean>) | undefined;
	/** The number of the database. */
	readonly database: number;
	/** A client for commands. */
	commands(): RedisClient;
	/** A client for subscriptions. Undefined while a Cluster has no server. */
	subscription(commands: RedisClient | undefined): RedisClient | undefined;
}
