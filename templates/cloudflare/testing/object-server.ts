import {
	abortAllDurableObjects,
	env,
	evictAllDurableObjects,
	evictDurableObject,
	reset,
	runInDurableObject,
} from 'cloudflare:test';
import { channelKey } from '../../realtime/channel/key.ts';
import { perChannel } from '../../realtime/client/per-channel/per-channel.ts';
import type { ChannelModule } from '../../realtime/define/reading/site-file.ts';
import type { Site } from '../../realtime/define/site.ts';
import type { MuxSocket } from '../../realtime/server/credited-link.ts';
import type { EndpointContext } from '../../realtime/server/handshake.ts';
import type { Receiver } from '../../realtime/testing/link.ts';
import type { ServerServices, TestServer } from '../../realtime/testing/server.ts';
import { HandshakeRefused } from '../../realtime/testing/visit.ts';
import type { PairConstructor, PlatformSocket, Upgrading } from '../connection/platform.ts';
import { answer } from '../realtime/answer.ts';
import { OBJECT_BINDING } from '../realtime/base/names.ts';
import { channelName } from '../realtime/base/object-name.ts';
import type { ObjectNamespace } from '../realtime/base/platform.ts';
import { randomSecret } from '../realtime/base/random.ts';
import { modules } from '../realtime/load-site.ts';
import { currentSite, objectOf } from '../realtime/worker-runtime.ts';
import { takeReports } from './object-report.ts';

declare const WebSocketPair: PairConstructor;

/** Closes without being clean, as far as an object can tell a lost connection from a closed one. */
const LOST = 4999;
/** Codes that a client may close with. */
const NORMAL = 1000;
const NO_CODE = 1005;

/** The Durable Objects of a site. */
export class ObjectServer implements TestServer {
	readonly connect: typeof perChannel = perChannel;
	readonly files: readonly ChannelModule[] = modules.files;
	readonly #services: ServerServices;

	constructor(services: ServerServices) {
		this.#services = services;
		takeReports(services.report);
	}

	get site(): Site {
		return currentSite();
	}

	async accept(context: EndpointContext, site: Site, socket: MuxSocket): Promise<Receiver> {
		const locals = { ...context.locals, upgradeWebSocket };
		const { report } = this.#services;
		const response = await answer({ ...context, locals }, site, {
			objectOf,
			report,
			hasTrailingSlash: false,
			secret: randomSecret,
		});
		const { webSocket } = response as Response & Upgrading;
		if (webSocket === undefined || webSocket === null) throw await HandshakeRefused.of(response);
		webSocket.binaryType = 'arraybuffer';
		webSocket.addEventListener('message', ({ data }) => {
			socket.send(typeof data === 'string' ? data : new Uint8Array(data));
		});
		webSocket.addEventListener('close', ({ code, reason }) => socket.close(code, reason));
		webSocket.accept();
		return {
			message: (message) => webSocket.send(message),
			closed: (code) => webSocket.close(code === NORMAL || code === NO_CODE ? NORMAL : LOST),
		};
	}

	/** What the objects have in memory is lost. Their storage is not. */
	async kill(): Promise<void> {
		await abortAllDurableObjects();
	}

	async trim(file: string, params: Readonly<Record<string, string>>): Promise<void> {
		const names = this.files.find((module) => module.file === file)?.params ?? [];
		const values = names.map((name) => params[name] ?? '');
		const key = channelKey(file, values);
		if (key === undefined) return;
		const namespace = this.#namespace;
		const object = namespace.get(namespace.idFromName(channelName(key)));
		await runInDurableObject(object, (_instance, { storage }) => {
			const { sql } = storage;
			// A channel that never had a message has no table.
			const tables = sql.exec("SELECT name FROM sqlite_master WHERE name = 'log'").toArray();
			// As if all of them had expired.
			if (tables.length > 0) sql.exec('UPDATE log SET at = 0');
		});
		// The object knows its newest message by heart.
		await evictDurableObject(object, { webSockets: 'hibernate' });
	}

	async hibernate(): Promise<void> {
		await evictAllDurableObjects({ webSockets: 'hibernate' });
	}

	async evict(): Promise<void> {
		await evictAllDurableObjects({ webSockets: 'close' });
	}

	/** The next site finds nothing of this one, and no timer runs on. */
	async close(): Promise<void> {
		await reset();
		takeReports(undefined);
	}

	get #namespace(): ObjectNamespace {
		return env[OBJECT_BINDING] as ObjectNamespace;
	}
}

/** Accepts a client that is told why it is refused. */
function upgradeWebSocket(): { socket: PlatformSocket; response: Response } {
	const { 0: client, 1: socket } = new WebSocketPair();
	socket.accept();
	const init: ResponseInit & Upgrading = { status: 101, webSocket: client };
	return { socket, response: new Response(null, init) };
}
