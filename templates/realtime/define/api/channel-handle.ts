import { gapBetween } from '../../channel/log/continuity.ts';
import type { Entry, Snapshot } from '../../channel/ports.ts';
import { readPosition } from '../../channel/position.ts';
import type { Data, GapReason, PresentMember } from '../../protocol/server-frames.ts';
import type { ChannelPort } from './directory.ts';
import { checkUserId, isId } from './id.ts';
import { misuse } from './misuse.ts';
import type { HandlerContext } from './runtime.ts';
import { mayBeUnwaited } from './unwaited.ts';

/** What a handle asks of the definition of its channel. */
export interface HandleRules {
	readonly file: string;
	/** The maximum number of kept messages. */
	readonly size: number;
	isEphemeral(event: string): boolean;
	/** Parses and writes an event's data. Gives a promise if its schema does. */
	write(event: string, data: unknown): Data | Promise<Data>;
	/** Tells that an event was sent. */
	sent(event: string, data: unknown): void;
	/** Tells of a call that failed, and that nobody waited for. */
	failed(error: unknown): void;
}

export interface HandleOptions {
	readonly rules: HandleRules;
	readonly params: Readonly<Record<string, string>>;
	/** Called for each use. */
	port(): ChannelPort;
	/** The handler that runs, if one does. */
	current(): HandlerContext | undefined;
}

export interface PublishOptions {
	readonly id?: string | undefined;
	readonly except?: string | undefined;
}

export interface KeptMessage {
	readonly event: string;
	readonly data: unknown;
	readonly id: string | undefined;
	readonly at: number;
	readonly position: string;
	readonly from: string | undefined;
	readonly isSnapshot: boolean;
}

/** An instance of a channel, as the site's server code sees it. */
export interface ChannelHandle {
	publish(event: string, data?: unknown, options?: PublishOptions): Promise<string | undefined>;
	snapshot(event: string, data: unknown, upTo: string): Promise<boolean>;
	history(range?: {
		readonly last?: number | undefined;
		readonly since?: string | undefined;
	}): Promise<{
		readonly messages: readonly KeptMessage[];
		readonly position: string;
		readonly gap: GapReason | undefined;
	}>;
	members(): Promise<readonly PresentMember[]>;
	disconnect(userId: string): Promise<void>;
}

export function channelHandle({ rules, params, port, current }: HandleOptions): ChannelHandle {
	return {
		publish(event, data, options = {}) {
			const context = current();
			const own = context !== undefined && isOwn(context) ? context : undefined;
			const work = publish(event, data, options, own?.member.connection.id);
			own?.publishing(work);
			// What the handler publishes is told when it has ended.
			return own === undefined ? mayBeUnwaited(work, rules.failed) : work;
		},
		async snapshot(event, data, upTo) {
			if (rules.isEphemeral(event)) throw misuse('snapshot', event);
			if (rules.size === 0) throw misuse('history');
			if (!isText(upTo) || readPosition(upTo) === undefined) throw misuse('upTo', upTo);
			return await port().snapshot({ name: event, data: await rules.write(event, data), upTo });
		},
		async history({ last, since } = {}) {
			if (last !== undefined && !(Number.isSafeInteger(last) && last >= 0)) {
				throw misuse('last', last);
			}
			if (since !== undefined) {
				if (!isText(since)) throw misuse('since', since);
				if (last !== undefined) throw misuse('last and since');
			}
			const range =
				since === undefined
					? { last: Math.min(last ?? rules.size, rules.size) }
					: { since, limit: rules.size };
			const { snapshot, entries, position } = await port().history(range);
			const messages = snapshot === undefined ? entries : [snapshot, ...entries];
			const page = { entries, head: position };
			const gap =
				since === undefined ? since : gapBetween(snapshot?.position ?? since, page, rules);
			return { messages: messages.map(keptMessage), position, gap };
		},
		members: () => port().members(),
		async disconnect(userId) {
			// Visitors have no id: without this, `undefined` would end the joins of all of them.
			checkUserId(userId);
			await port().disconnect(userId);
		},
	};

	/** Whether the handler belongs to this instance of this channel. */
	function isOwn({ file, member }: HandlerContext): boolean {
		return (
			file === rules.file &&
			Object.entries(params).every(([name, value]) => member.params[name] === value)
		);
	}

	async function publish(
		name: string,
		data: unknown,
		{ id, except }: PublishOptions,
		from: string | undefined,
	): Promise<string | undefined> {
		const isEphemeral = rules.isEphemeral(name);
		if (isEphemeral) {
			if (id !== undefined) throw misuse('id of an ephemeral event', name);
			if (except !== undefined && !isId(except)) throw misuse('except', except);
		} else {
			if (except !== undefined) throw misuse('except of a kept event', name);
			if (id !== undefined && !isId(id)) throw misuse('id', id);
		}
		let written = rules.write(name, data);
		if (written instanceof Promise) written = await written;
		const position = await port().publish({ name, data: written, isEphemeral, id, except, from });
		rules.sent(name, data);
		return position;
	}
}

function keptMessage(message: Entry | Snapshot): KeptMessage {
	const { name, data, id, at, position, from } = message;
	// Bytes of the engine in memory are those of the history itself.
	const value: unknown = typeof data === 'string' ? JSON.parse(data) : data && new Uint8Array(data);
	return { event: name, data: value, id, at, position, from, isSnapshot: !('previous' in message) };
}

function isText(value: unknown): value is string {
	return typeof value === 'string';
}
