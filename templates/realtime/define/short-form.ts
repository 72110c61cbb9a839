import type { HandlerDeadline } from '../channel/handler-deadline.ts';
import { MAX_KEPT_BYTES } from '../channel/limits.ts';
import type { ClientMessage } from '../channel/rules.ts';
import { RealtimeError } from '../protocol/errors.ts';
import type { Data } from '../protocol/server-frames.ts';
import { channelHandle } from './api/channel-handle.ts';
import { DEFAULT_TIMEOUT } from './api/limits.ts';
import type { Runtime } from './api/runtime.ts';
import { writeData } from './data/json.ts';
import { type MessageType, readPlainMessage } from './data/plain-message.ts';
import type { DefinitionTools } from './declared.ts';
import { type ChannelDefinition, NOTHING_KEPT, type PlainChannelHandle } from './definition.ts';
import { checkTimeout } from './handling/declared-options.ts';
import { runHandler } from './handling/handler.ts';
import type { MessageEvents } from './handling/hooks.ts';
import { SiteConnection } from './handling/member.ts';
import { type AnyFunction, type Checker, isFunction } from './reading/checker.ts';
import { checkSpelling } from './reading/file-checks.ts';
import { HOOK_NAMES } from './reading/hook-names.ts';
import type { ChannelModule } from './reading/site-file.ts';

/** The name of messages to and from a channel in the short form, where the protocol wants one. */
export const SHORT_FORM_MESSAGE: string = 'message';

export type ShortDefinition = typeof shortDefinition;

/** The definition of a file whose default export is a function that gets every message. */
export function shortDefinition(
	channel: ChannelModule,
	{ events, runtime, checker }: DefinitionTools,
): ChannelDefinition | undefined {
	const { module } = channel;
	for (const name of Object.keys(module)) checkSpelling(name, [...HOOK_NAMES, 'config'], checker);
	const { type, timeout } = checkConfig(module.config, checker);
	const handler = module.default;
	if (!isFunction(handler)) return undefined;
	return new Short(channel, { handler, type, timeout, events, runtime });
}

interface ShortSettings {
	readonly handler: AnyFunction;
	readonly type: MessageType;
	/** Seconds. */
	readonly timeout: number;
	readonly events: MessageEvents;
	readonly runtime: Runtime;
}

class Short implements ChannelDefinition {
	readonly form = 'short';
	readonly file: string;
	readonly name: string;
	readonly params: readonly string[];
	readonly retention: ChannelDefinition['retention'] = NOTHING_KEPT;
	readonly keepsHistory = false;
	readonly presence = undefined;
	readonly ephemeral: readonly string[] = [];
	readonly idempotent: readonly string[] = [];
	readonly timeout: number;
	readonly #settings: ShortSettings;

	constructor({ file, name, params }: ChannelModule, settings: ShortSettings) {
		this.file = file;
		this.name = name;
		this.params = params;
		this.timeout = settings.timeout * 1000;
		this.#settings = settings;
	}

	/** Who connects was admitted by `authenticate`. */
	async authorize(): Promise<{ readonly history: boolean }> {
		return { history: true };
	}

	async handle(message: ClientMessage, deadline: HandlerDeadline): Promise<Data> {
		const { handler, events, runtime } = this.#settings;
		const { name, member } = message;
		if (name !== SHORT_FORM_MESSAGE) {
			throw new RealtimeError({
				code: 'NOT_FOUND',
				message: `This channel knows the message \`${SHORT_FORM_MESSAGE}\` alone.`,
			});
		}
		const { user, params } = member;
		const connection = new SiteConnection(member.connection, {
			write: async (_, given) => writeEvent(given),
			sent: (_, given, id) => events.sent({ data: given, channel: this.name, connections: [id] }),
		});
		const data = this.#dataOf(message.data);
		const { requestId } = message;
		const received = { connection, data, requestId, user, channel: this.name, params };
		return runHandler({
			file: this.file,
			message,
			received: () => received,
			connection,
			deadline,
			events,
			runtime,
			isReported: () => true,
			run: () => handler(received),
		});
	}

	onJoin(): undefined {}

	onLeave(): undefined {}

	readPlain(message: string | Uint8Array): unknown {
		return readPlainMessage(message, this.#settings.type);
	}

	open(params: Readonly<Record<string, string>>): PlainChannelHandle {
		const { runtime, events } = this.#settings;
		const port = runtime.directory.channel(this.file, params);
		const handle = channelHandle({
			rules: {
				file: this.file,
				size: 0,
				isEphemeral: () => false,
				write: async (_, data) => writeEvent(data),
				sent: (_, data) => events.sent({ data, channel: this.name }),
				failed: events.failed,
			},
			params,
			port: () => port,
			current: () => runtime.context.getStore(),
		});
		return {
			publish: (data) => handle.publish(SHORT_FORM_MESSAGE, data),
			disconnect: handle.disconnect,
		};
	}

	/** Data of the type that `config` names. */
	#dataOf(data: unknown): unknown {
		const { type, runtime } = this.#settings;
		const isBytes = data instanceof Uint8Array;
		if (type === 'binary' && isBytes) return runtime.bytes?.(data) ?? data;
		if (type === 'string' && typeof data === 'string') return data;
		if (type === 'json' && !isBytes) return data;
		const expected = { json: 'JSON', string: 'a string', binary: 'bytes' }[type];
		throw new RealtimeError({ code: 'BAD_REQUEST', message: `The message is not ${expected}.` });
	}
}

function writeEvent(data: unknown): Data {
	return writeData(data, { what: 'The message', limit: MAX_KEPT_BYTES, isStrict: false });
}

function checkConfig(
	given: unknown,
	checker: Checker,
): { readonly type: MessageType; readonly timeout: number } {
	if (given === undefined) return { type: 'json', timeout: DEFAULT_TIMEOUT };
	const hint = "Write `export const config = { type: 'json', timeout: 30 }`.";
	const config = checker.members(given, '`config`', hint);
	if (config === undefined) return { type: 'json', timeout: DEFAULT_TIMEOUT };
	checker.only(config, ['type', 'timeout'], '`config`');
	const { type = 'json' } = config;
	if (!isMessageType(type)) {
		checker.add("`type` of `config` is none of 'json', 'string' and 'binary'.", hint);
	}
	return {
		type: isMessageType(type) ? type : 'json',
		timeout: checkTimeout(config.timeout, checker),
	};
}

function isMessageType(value: unknown): value is MessageType {
	return value === 'json' || value === 'string' || value === 'binary';
}
