import type { Clock } from '../client/base/clock.ts';
import type { Connect } from '../client/core.ts';
import type { ChannelModule } from '../define/reading/site-file.ts';
import type { Site } from '../define/site.ts';
import type { MuxSocket } from '../server/credited-link.ts';
import type { EndpointContext } from '../server/handshake.ts';
import type { Receiver } from './link.ts';

/** What serves the site of a test: a process, or objects. */
export interface TestServer {
	readonly site: Site;
	readonly files: readonly ChannelModule[];
	/** Which connection of a client carries what. Absent: one carries everything. */
	readonly connect?: Connect | undefined;
	/**
	 * Makes a handshake.
	 *
	 * @param site The site, with the `authenticate` to ask.
	 * @param socket Takes what is sent to the client.
	 * @throws HandshakeRefused
	 */
	accept(context: EndpointContext, site: Site, socket: MuxSocket): Promise<Receiver>;
	kill(): Promise<void>;
	/** Resolves once handshakes are answered. Absent if they are at once. */
	started?(): Promise<void>;
	/** Drops the kept messages of a channel that exists. */
	trim(file: string, params: Readonly<Record<string, string>>): Promise<void>;
	hibernate(): Promise<void>;
	evict(): Promise<void>;
	close(): Promise<void>;
}

/** What a server gets of a test. */
export interface ServerServices {
	readonly clock: Clock;
	report(message: string, error?: unknown): void;
	/** Adds a line to the log of the site. */
	log(message: string): void;
}
