import { AsyncLocalStorage } from 'node:async_hooks';
import { settled } from '../../../realtime/channel/channel.fixture.ts';
import { TokenBucket } from '../../../realtime/channel/token-bucket.ts';
import { checkPresence } from '../../../realtime/define/handling/presence.ts';
import { shortDefinition } from '../../../realtime/define/short-form.ts';
import { byteLength } from '../../../realtime/protocol/byte-length.ts';
import { type Files, modulesOf } from '../../../realtime/server/server.fixture.ts';
import { FakeStorage } from '../../engine/engine.fixture.ts';
import type { Current } from '../base/current.ts';
import type { Handover } from '../base/handover.ts';
import { CALL_VERSION, type ObjectStub } from '../base/object-calls.ts';
import type { ObjectContext, ObjectSocket } from '../base/platform.ts';
import { RealtimeObject } from './realtime-object.ts';

/** The largest attachment in bytes. */
const MAX_ATTACHMENT = 16_384;
/** The longest name in bytes that the runtime tells an object. */
export const MAX_TOLD_NAME = 1024;

/** A socket of an object. What it keeps has to fit, and outlives the object's instance. */
export class FakeObjectSocket implements ObjectSocket {
	readyState = 1;
	extensions = '';
	readonly sent: (string | Uint8Array)[] = [];
	closed: { readonly code?: number | undefined; readonly reason?: string | undefined } | undefined;
	/** When `ping` was answered without the object. */
	pingedAt: number | undefined;
	#attachment: Uint8Array | null = null;

	send(data: string | Uint8Array | ArrayBuffer): void {
		this.sent.push(data as string | Uint8Array);
	}

	close(code?: number, reason?: string): void {
		if (code === 1005 || code === 1006) throw new Error('InvalidAccessError');
		this.closed ??= { code, reason };
		this.readyState = 2;
	}

	serializeAttachment(value: unknown): void {
		const bytes = value as Uint8Array | null;
		if (bytes !== null && bytes.length > MAX_ATTACHMENT) throw new Error('too large');
		this.#attachment = structuredClone(bytes);
	}

	deserializeAttachment(): unknown {
		return structuredClone(this.#attachment);
	}

	/** The text messages as JSON. */
	get frames(): unknown[][] {
		return this.sent.map((message) => JSON.parse(String(message)));
	}

	/** The frames of a type, without it. */
	of(type: string): unknown[][] {
		return this.frames.filter(([one]) => one === type).map(([, ...parts]) => parts);
	}
}

/** Objects that reach each other, and sleep when they are told. */
export class World {
	readonly errors: unknown[] = [];
	/** Calls between objects. */
	readonly called: string[] = [];
	files: Files;
	/** Milliseconds between two looks at who is present. */
	presenceCheck = 60_000;
	/** Messages of one connection. */
	maxMessagesPerSecond = 1000;
	/** The code that runs in an object. */
	readonly current: AsyncLocalStorage<Current> = new AsyncLocalStorage();
	readonly #objects = new Map<string, FakeObject>();

	constructor(files: Files) {
		this.files = files;
	}

	object(name: string): FakeObject {
		const known = this.#objects.get(name) ?? new FakeObject(this, name);
		this.#objects.set(name, known);
		return known;
	}
}

/** An object with its storage and sockets, and its current instance. */
export class FakeObject {
	readonly storage: FakeStorage = new FakeStorage();
	readonly sockets: FakeObjectSocket[] = [];
	readonly #world: World;
	readonly #context: ObjectContext;
	#instance: Promise<RealtimeObject> | undefined;

	constructor(world: World, name: string) {
		this.#world = world;
		const { storage, sockets } = this;
		this.#context = {
			id: {
				name: byteLength(name) > MAX_TOLD_NAME ? undefined : name,
				toString: () => `0123456789${name}`,
			},
			storage,
			acceptWebSocket: () => {},
			getWebSockets: () => [...sockets],
			setWebSocketAutoResponse: () => {},
			getWebSocketAutoResponseTimestamp: (socket) => {
				const { pingedAt } = socket as FakeObjectSocket;
				return pingedAt === undefined ? null : new Date(pingedAt);
			},
			blockConcurrencyWhile: (callback) => callback(),
			waitUntil: (work) => void work.catch((error) => this.#world.errors.push(error)),
		};
	}

	get instance(): Promise<RealtimeObject> {
		this.#instance ??= this.#wake();
		return this.#instance;
	}

	/** Forgets the instance. Its sockets stay open. */
	sleep(): void {
		this.#instance = undefined;
	}

	/** The object is killed, and its sockets with it. */
	evict(): void {
		this.sockets.length = 0;
		this.sleep();
	}

	async accept(handover: Partial<Handover> = {}): Promise<FakeObjectSocket> {
		const socket = new FakeObjectSocket();
		this.sockets.push(socket);
		const given: Handover = {
			version: CALL_VERSION,
			kind: 'protocol',
			user: undefined,
			allowed: { history: true },
			...handover,
		};
		await (await this.instance).accept(socket, given);
		await settled();
		return socket;
	}

	async message(socket: FakeObjectSocket, ...frames: readonly unknown[]): Promise<void> {
		const object = await this.instance;
		for (const frame of frames) {
			object.message(socket, typeof frame === 'string' ? frame : JSON.stringify(frame));
		}
		await settled();
	}

	async close(socket: FakeObjectSocket, code: number): Promise<void> {
		this.sockets.splice(this.sockets.indexOf(socket), 1);
		(await this.instance).closed(socket, code);
		await settled();
	}

	/** Rings the alarm if it is due. */
	async ring(): Promise<void> {
		const { storage } = this;
		if (storage.alarm === null || storage.alarm > Date.now()) return;
		storage.alarm = null;
		(await this.instance).rang();
		await settled();
	}

	async #wake(): Promise<RealtimeObject> {
		const object = new RealtimeObject(this.#context, {
			parts: { checkPresence, shortDefinition },
			modules: modulesOf(this.#world.files),
			isDevelopment: true,
			presenceCheck: this.#world.presenceCheck,
			rate: (now) => {
				const most = this.#world.maxMessagesPerSecond;
				return new TokenBucket(most, most, now);
			},
			current: this.#world.current,
			objectOf: (name) => this.#stub(name),
		});
		await object.restore();
		return object;
	}

	/** What the runtime's stub does, without envelopes of errors. */
	#stub(name: string): ObjectStub {
		const world = this.#world;
		return {
			async call(_version, method, given) {
				world.called.push(`${name} ${method}`);
				const object = await world.object(name).instance;
				const work = object[method] as (...given: readonly unknown[]) => Promise<unknown>;
				return { value: await work.apply(object, structuredClone([...given])) };
			},
			fetch() {
				throw new Error('No object shakes hands with another one.');
			},
		};
	}
}
