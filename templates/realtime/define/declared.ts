import type { HandlerDeadline } from '../channel/handler-deadline.ts';
import { MAX_KEPT_BYTES } from '../channel/limits.ts';
import type { ClientMessage, MemberView, PresenceRules } from '../channel/rules.ts';
import { RealtimeError } from '../protocol/errors.ts';
import type { Data } from '../protocol/server-frames.ts';
import { type ChannelHandle, channelHandle, type HandleRules } from './api/channel-handle.ts';
import type { ChannelPort } from './api/directory.ts';
import { answerTo, PublishError } from './api/errors.ts';
import { misuse } from './api/misuse.ts';
import type { HandlerContext, Runtime } from './api/runtime.ts';
import { parse } from './api/schema.ts';
import { writeData } from './data/json.ts';
import { type AuthorizeContext, type ChannelDefinition, NOTHING_KEPT } from './definition.ts';
import { callHook, type Handling, handle } from './handlers.ts';
import { within } from './handling/deadline.ts';
import {
	checkOptions,
	type DeclaredOptions,
	type EventOptions,
} from './handling/declared-options.ts';
import type { MessageEvents } from './handling/hooks.ts';
import type { CheckPresence } from './handling/presence.ts';
import { logMissingUser, logRefusal } from './handling/refusal-log.ts';
import type { Checker } from './reading/checker.ts';
import type { ChannelModule } from './reading/site-file.ts';
import { strictParams } from './reading/strict-params.ts';
import { suggestion } from './reading/suggestion.ts';

/** What the definition of a channel works with. */
export interface DefinitionTools {
	readonly events: MessageEvents;
	readonly runtime: Runtime;
	readonly checker: Checker;
	readonly checkPresence?: CheckPresence | undefined;
}

/** The definition of a channel that is declared by `defineChannel()`. */
export function declaredDefinition(
	channel: ChannelModule,
	given: unknown,
	tools: DefinitionTools,
): ChannelDefinition | undefined {
	const options = checkOptions(given, tools.checker, tools.checkPresence);
	return options === undefined ? undefined : new Declared(channel, options, tools);
}

class Declared implements ChannelDefinition {
	readonly form = 'declared';
	readonly file: string;
	readonly name: string;
	readonly params: readonly string[];
	readonly retention: ChannelDefinition['retention'];
	readonly keepsHistory: boolean;
	readonly presence: PresenceRules | undefined;
	readonly ephemeral: readonly string[];
	readonly idempotent: readonly string[];
	readonly timeout: number;
	readonly #options: DeclaredOptions;
	readonly #events: MessageEvents;
	readonly #runtime: Runtime;
	readonly #handling: Handling;
	readonly #handleRules: HandleRules;

	constructor(
		{ file, name, params }: ChannelModule,
		options: DeclaredOptions,
		{ events, runtime }: DefinitionTools,
	) {
		const { history, messages, presence, timeout } = options;
		const namesOf = (flag: 'ephemeral' | 'idempotent'): readonly string[] =>
			[...messages].flatMap(([message, rules]) => (rules[flag] ? [message] : []));
		this.file = file;
		this.name = name;
		this.params = params;
		this.retention = history ?? NOTHING_KEPT;
		this.keepsHistory = history !== undefined;
		this.ephemeral = namesOf('ephemeral');
		this.idempotent = namesOf('idempotent');
		this.timeout = timeout * 1000;
		this.presence = presence?.({
			runtime,
			timeout: this.timeout,
			paramsOf: (given) => this.#paramsOf(given),
			failed: events.failed,
		});
		this.#options = options;
		this.#events = events;
		this.#runtime = runtime;
		this.#handleRules = {
			file,
			size: this.retention.size,
			isEphemeral: (event) => this.#event(event).ephemeral,
			write: (event, given) => this.#write(event, given),
			sent: (event, given) => events.sent({ event, data: given, channel: name }),
			failed: events.failed,
		};
		this.#handling = {
			file,
			channel: name,
			timeout: this.timeout,
			options,
			events,
			runtime,
			write: this.#handleRules.write,
			sent: (event, given, connection) =>
				events.sent({ event, data: given, channel: name, connections: [connection] }),
			...(options.data !== undefined && { initial: options.data }),
			paramsOf: (given) => this.#paramsOf(given),
			open: (given, context) => this.#openOwn(given, context),
		};
	}

	async authorize({
		user,
		params,
	}: AuthorizeContext): Promise<{ readonly history: boolean } | undefined> {
		const { authorize, anonymous } = this.#options;
		if (authorize === 'anyone') return { history: true };
		if (user === undefined && !anonymous) {
			logMissingUser(this.#runtime, this.file);
			return undefined;
		}
		if (authorize === 'users') return { history: true };
		try {
			const context = { user, params: this.#paramsOf(params) };
			const answer = await within(this.#runtime, this.timeout, '`authorize`', () =>
				authorize(context),
			);
			const admitted = admission(answer);
			if (admitted === undefined) logRefusal(this.#runtime, this.file, user);
			return admitted;
		} catch (error) {
			throw answerTo(error, this.#events.failed);
		}
	}

	handle(message: ClientMessage, deadline: HandlerDeadline): Data | Promise<Data> {
		return handle(this.#handling, message, deadline);
	}

	onJoin(member: MemberView): Promise<void> | undefined {
		return callHook(this.#handling, 'onJoin', member);
	}

	onLeave(member: MemberView): Promise<void> | undefined {
		return callHook(this.#handling, 'onLeave', member);
	}

	open(params: MemberView['params']): ChannelHandle {
		const port = this.#portOf(params);
		return this.#handle(
			params,
			() => port,
			() => this.#runtime.context.getStore(),
		);
	}

	/** The channel of a member, for its handlers. Many of them do not use it. */
	#openOwn(params: MemberView['params'], context: HandlerContext): ChannelHandle {
		return this.#handle(
			params,
			() => this.#portOf(params),
			() => context,
		);
	}

	#portOf(params: MemberView['params']): ChannelPort {
		return this.#runtime.directory.channel(this.file, params);
	}

	/** @param current The handler that runs. */
	#handle(
		params: MemberView['params'],
		port: () => ChannelPort,
		current: () => HandlerContext | undefined,
	): ChannelHandle {
		return channelHandle({ rules: this.#handleRules, params, port, current });
	}

	#paramsOf(params: MemberView['params']): MemberView['params'] {
		return this.#runtime.isDevelopment ? strictParams(params, this.file) : params;
	}

	#event(name: string): EventOptions {
		const { events } = this.#options;
		const event = events.get(name);
		if (event !== undefined) return event;
		throw new TypeError(
			`The channel \`${this.name}\` has no event \`${name}\`. ${suggestion(name, [...events.keys()])}`,
		);
	}

	/**
	 * Parses an event's data and writes them.
	 *
	 * @throws PublishError if they do not match the schema or are too large.
	 */
	#write(event: string, data: unknown): Data | Promise<Data> {
		const { schema } = this.#event(event);
		const what = `The data of \`${event}\``;
		const write = (parsed: unknown): Data =>
			writeData(parsed, { what, limit: MAX_KEPT_BYTES, isStrict: this.#runtime.isDevelopment });
		try {
			const parsed = parse(schema, data, what);
			// Most schemas answer at once, and a promise with a deadline would cost more than that.
			if (!(parsed instanceof Promise)) return write(parsed);
			const schemaName = `The schema of \`${event}\``;
			return within(this.#runtime, this.timeout, schemaName, () => parsed)
				.then(write)
				.catch(ofPublisher);
		} catch (error) {
			return ofPublisher(error);
		}
	}
}

/** @throws the error, told to the publisher alone. */
function ofPublisher(error: unknown): never {
	throw error instanceof RealtimeError ? PublishError.of(error) : error;
}

/** Only `true` and an object with `history` admit: a row of a database by mistake does not. */
function admission(answer: unknown): { readonly history: boolean } | undefined {
	if (answer === true) return { history: true };
	if (answer === false || answer === undefined || answer === null) return undefined;
	const history = typeof answer === 'object' && 'history' in answer ? answer.history : undefined;
	if (typeof history === 'boolean') return { history };
	throw misuse('authorize');
}
