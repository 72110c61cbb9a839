/** The part of `@nats-io/transport-node` that is used here. */
export interface NatsModule {
	connect(options: object): Promise<NatsConnection>;
	headers(): NatsHeaders;
}

export interface NatsHeaders {
	/** The status of an answer, 0 if there is none. */
	readonly code: number;
	/** Returns an empty text if there is none. */
	get(name: string): string;
	set(name: string, value: string): void;
}

export interface NatsMessage {
	readonly subject: string;
	readonly data: Uint8Array;
	readonly headers?: NatsHeaders | undefined;
}

export interface NatsSubscription {
	unsubscribe(): void;
}

/** What a server says of itself. */
export interface NatsServerInfo {
	/** Another one after each start. */
	readonly server_id: string;
	readonly version: string;
	readonly max_payload: number;
	/** The name of its cluster, if it is in one. */
	readonly cluster?: string;
}

export interface NatsConnection {
	readonly info?: NatsServerInfo;
	publish(
		subject: string,
		payload?: Uint8Array | string,
		options?: { readonly reply?: string; readonly headers?: NatsHeaders },
	): void;
	subscribe(
		subject: string,
		options: { readonly callback: (error: Error | null, message: NatsMessage) => void },
	): NatsSubscription;
	/** Resolves when the server has read everything that was sent. */
	flush(): Promise<void>;
	close(): Promise<void>;
	/** What happens to the connection, until it ends. */
	status(): AsyncIterable<{ readonly type: string; readonly error?: Error }>;
	/** Resolves when the connection has ended, with the error if there is one. */
	closed(): Promise<unknown>;
	/** Internal, to keep no process alive. */
	readonly protocol?: { readonly transport?: { readonly socket?: { unref?(): void } } };
}

/** Makes the connections of an engine. None of them connects again by itself. */
export interface Connector {
	/** The servers, for errors: without user and password. */
	readonly place: string;
	/** Whether TLS is asked for. */
	readonly isTls: boolean;
	readonly module: NatsModule;
	/** The copies that a stream has in a cluster. */
	readonly replicas: number | undefined;
	connect(): Promise<NatsConnection>;
}
