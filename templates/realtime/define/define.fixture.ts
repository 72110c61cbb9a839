/** Channel files without a site, and a runtime that records. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { HandlerDeadline } from '../channel/handler-deadline.ts';
import type { Entry, Snapshot } from '../channel/ports.ts';
import type { ClientMessage, MemberView } from '../channel/rules.ts';
import type { Data, PresentMember } from '../protocol/server-frames.ts';
import { defineChannel } from './api/define-channel.ts';
import type { NewSnapshot, PublishedMessage } from './api/directory.ts';
import type { HandlerContext, Runtime } from './api/runtime.ts';
import type { Schema } from './api/schema.ts';
import type { ChannelDefinition } from './definition.ts';
import type { SiteModule, SiteModules } from './reading/site-file.ts';
import { readSite, type Site } from './site.ts';

/** What most published messages leave out. */
export const UNSET: Pick<PublishedMessage, 'id' | 'except' | 'from'> = {
	id: undefined,
	except: undefined,
	from: undefined,
};

/** A runtime whose alarms are rung by the test. */
export class FakeRuntime implements Runtime {
	isDevelopment = true;
	readonly context: AsyncLocalStorage<HandlerContext> = new AsyncLocalStorage();
	readonly reports: (readonly [message: string, error: unknown])[] = [];
	readonly logs: string[] = [];
	/** `<file>?<parameters>`, then what was done. */
	readonly published: (readonly [channel: string, message: PublishedMessage])[] = [];
	readonly disconnected: (readonly [channel: string, userId: string])[] = [];
	readonly inbox: (readonly [userId: string, data: Data])[] = [];
	readonly ranges: unknown[] = [];
	readonly snapshots: (readonly [channel: string, snapshot: NewSnapshot])[] = [];
	snapshot: Snapshot | undefined;
	entries: readonly Entry[] = [];
	present: readonly PresentMember[] = [];
	/** Users whose inbox fails. */
	readonly unreachable: Set<string> = new Set();
	/** The most messages to users that were on their way at the same time. */
	mostAtOnce = 0;
	#underWay = 0;
	#alarms: (() => void)[] = [];
	#work: Promise<unknown>[] = [];

	readonly directory: Runtime['directory'] = {
		channel: (file, params) => {
			const channel = `${file}?${new URLSearchParams(params)}`;
			return {
				publish: async (message) => {
					this.published.push([channel, message]);
					return message.isEphemeral ? undefined : `e.${this.published.length}.t`;
				},
				snapshot: async (snapshot) => {
					this.snapshots.push([channel, snapshot]);
					return true;
				},
				history: async (range) => {
					this.ranges.push(range);
					return { snapshot: this.snapshot, entries: this.entries, position: 'e.9.t' };
				},
				members: async () => this.present,
				disconnect: async (userId) => {
					this.disconnected.push([channel, userId]);
				},
			};
		},
		width: 6,
		user: (userId) => ({
			send: async (data) => {
				this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#underWay);
				await new Promise(setImmediate);
				this.#underWay--;
				if (this.unreachable.has(userId)) throw new Error(`no way to ${userId}`);
				this.inbox.push([userId, data]);
			},
			isOnline: async () => userId === 'ada',
		}),
	};

	alarm(_milliseconds: number, callback: () => void): () => void {
		this.#alarms.push(callback);
		return () => {
			this.#alarms = this.#alarms.filter((alarm) => alarm !== callback);
		};
	}

	/** Rings all alarms. */
	ring(): void {
		for (const alarm of this.#alarms) alarm();
	}

	get alarmCount(): number {
		return this.#alarms.length;
	}

	waitUntil(work: Promise<unknown>): void {
		this.#work.push(work);
	}

	/** Resolves when all hooks are done. */
	async idle(): Promise<void> {
		await Promise.all(this.#work);
	}

	report(message: string, error?: unknown): void {
		this.reports.push([message, error]);
	}

	log(message: string): void {
		this.logs.push(message);
	}
}

/** A schema from a function that returns the parsed value or throws the reason. */
export function schema<Value>(
	read: (value: unknown) => Value | Promise<Value>,
	field = 'text',
): Schema<Value> {
	const refuse = (error: unknown) => ({
		issues: [{ message: String((error as Error).message), path: [field] }],
	});
	return {
		'~standard': {
			version: 1,
			vendor: 'test',
			validate: (value) => {
				try {
					const result = read(value);
					return result instanceof Promise
						? result.then((parsed) => ({ value: parsed }), refuse)
						: { value: result };
				} catch (error) {
					return refuse(error);
				}
			},
		},
	};
}

/** An object with a `text`, and nothing else of what is given. */
export const text: Schema<{ text: string }> = schema((value) => {
	const given = value as { text?: unknown } | undefined;
	if (typeof given?.text !== 'string') throw new Error('expected a text');
	return { text: given.text };
});

type Modules = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Modules of a site by their path below `src/realtime`. */
export function modulesOf(modules: Modules): SiteModules {
	const files: SiteModules['files'][number][] = [];
	const middleware: SiteModule[] = [];
	for (const [path, module] of Object.entries(modules)) {
		const parts = path.replace(/\.ts$/, '').split('/');
		const folder = parts.slice(0, -1).join('/');
		const loaded = { path: `src/realtime/${path}`, folder, module };
		if (parts.at(-1) === '_middleware') {
			middleware.push(loaded);
			continue;
		}
		if (parts.at(-1) === 'index') parts.pop();
		files.push({
			...loaded,
			file: parts.join('/'),
			name: parts.filter((part) => !part.startsWith('[')).join('/'),
			params: parts.filter((part) => part.startsWith('[')).map((part) => part.slice(1, -1)),
		});
	}
	return { files, middleware, version: 'v1' };
}

/** The site of these modules, which must have no problems. */
export function siteOf(modules: Modules, runtime: Runtime = new FakeRuntime()): Site {
	const { site, problems } = readSite(modulesOf(modules), runtime);
	if (problems.length > 0) throw new Error(JSON.stringify(problems, null, '\t'));
	return site;
}

/** What is wrong with these modules: `<file>: <message> <hint>`. */
export function problemsOf(modules: Modules): readonly string[] {
	return readSite(modulesOf(modules), new FakeRuntime()).problems.map(
		({ file, message, hint }) => `${file}: ${message} ${hint}`,
	);
}

/** A module that declares a channel with options that need not be right. */
export function declared(options: unknown, file?: string): Readonly<Record<string, unknown>> {
	const define = defineChannel as unknown as (...given: readonly unknown[]) => unknown;
	return { default: file === undefined ? define(options) : define(file, options) };
}

/** The channel of `rooms/[room].ts` with these options, to which members with a user may come. */
export function room(options: object, runtime: Runtime): ChannelDefinition {
	const site = siteOf({ 'rooms/[room].ts': declared({ authorize: 'users', ...options }) }, runtime);
	const definition = site.definitions.get('rooms/[room]');
	if (definition === undefined) throw new Error('the channel is missing');
	return definition;
}

export interface FakeMember extends MemberView {
	readonly connection: MemberView['connection'] & {
		readonly events: (readonly [name: string, data: Data])[];
	};
}

export function member(given: Partial<MemberView> = {}): FakeMember {
	const events: (readonly [name: string, data: Data])[] = [];
	const connection = {
		id: 'c1',
		data: undefined as unknown,
		events,
		send: (name: string, data: Data): void => {
			events.push([name, data]);
		},
	};
	return { user: { id: 'ada' }, params: { room: 'lobby' }, ...given, connection };
}

export interface FakeMessage extends ClientMessage {
	readonly positions: string[];
}

export function message(name: string, data?: unknown, of: MemberView = member()): FakeMessage {
	const positions: string[] = [];
	return {
		name,
		data,
		requestId: 'r1',
		member: of,
		positions,
		published: (position) => {
			positions.push(position);
		},
	};
}

/** A deadline that never ends. */
export function calm(): HandlerDeadline {
	return new HandlerDeadline();
}

/** Lets a definition handle a message, also one that fails at once. */
export async function handle(
	definition: ChannelDefinition,
	...given: Parameters<ChannelDefinition['handle']>
): Promise<Data> {
	return await definition.handle(...given);
}
