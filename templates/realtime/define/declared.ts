import type { HandlerDeadline } from '../channel/handler-deadline.ts';
import { MAX_KEPT_BYTES, MAX_MEMBER_DATA_BYTES, MAX_PRESENCE_BYTES } from '../channel/limits.ts';
import type { ClientMessage, MemberView, PresenceRules } from '../channel/rules.ts';
import { RealtimeError } from '../protocol/errors.ts';
import type { Data } from '../protocol/server-frames.ts';
import { type ChannelHandle, channelHandle } from './channel-handle.ts';
import type { Checker } from './checker.ts';
import { within } from './deadline.ts';
import {
	checkOptions,
	type DeclaredOptions,
	type EventOptions,
	type PresenceSettings,
} from './declared-options.ts';
import { type AuthorizeContext, type ChannelDefinition, NOTHING_KEPT } from './definition.ts';
import type { ChannelPort } from './directory.ts';
import { failure, PublishError, realtimeErrorOf } from './errors.ts';
import { runHandler } from './handler.ts';
import type { MessageEvents } from './hooks.ts';
import { writeData, writeJson } from './json.ts';
import { SiteConnection, strictParams } from './member.ts';
import { suggestion } from './names.ts';
import { readPlainMessage } from './plain-message.ts';
import type { HandlerContext, Runtime } from './runtime.ts';
import { parse } from './schema.ts';
import type { ChannelModule } from './site-file.ts';

/** What the definition of a channel works with. */
export interface DefinitionTools {
	readonly events: MessageEvents;
	readonly runtime: Runtime;
	readonly checker: Checker;
}

/** The definition of a channel that is declared by `defineChannel()`. */
export function declaredDefinition(
	channel: ChannelModule,
	given: unknown,
	tools: DefinitionTools,
): ChannelDefinition | undefined {
	const options = checkOptions(given, tools.checker);
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
		this.presence = presence === undefined ? undefined : this.#presenceRules(presence);
		this.ephemeral = namesOf('ephemeral');
		this.idempotent = namesOf('idempotent');
		this.timeout = timeout * 1000;
		this.#options = options;
		this.#events = events;
		this.#runtime = runtime;
	}

	async authorize({
		user,
		params,
	}: AuthorizeContext): Promise<{ readonly history: boolean } | undefined> {
		const { authorize, anonymous } = this.#options;
		if (authorize === 'anyone') return { history: true };
		if (user === undefined && !anonymous) {
			this.#logRefusal('there is no user');
			return undefined;
		}
		if (authorize === 'users') return { history: true };
		try {
			const context = { user, params: this.#paramsOf(params) };
			const answer = await within(this.#runtime, this.timeout, '`authorize`', () =>
				authorize(context),
			);
			const admitted = admission(answer);
			if (admitted === undefined) {
				const who = user === undefined ? 'a visitor' : `the user ${JSON.stringify(user.id)}`;
				this.#logRefusal(`\`authorize\` refuses ${who}`);
			}
			return admitted;
		} catch (error) {
			this.#events.failed(error);
			return undefined;
		}
	}

	async handle(message: ClientMessage, deadline: HandlerDeadline): Promise<Data> {
		const { name, data, requestId, member } = message;
		const rules = this.#options.messages.get(name);
		if (rules === undefined) throw this.#unknownMessage(name);
		const connection = this.#connectionOf(member);
		const { user } = member;
		const params = this.#paramsOf(member.params);
		const { name: channel } = this;
		const received = { connection, data, requestId, user, name, channel, params };
		return runHandler({
			file: this.file,
			message,
			received,
			connection,
			deadline,
			events: this.#events,
			runtime: this.#runtime,
			isReported: (error) => realtimeErrorOf(error) === undefined,
			run: async (context) => {
				const input =
					rules.input === undefined
						? undefined
						: await parse(rules.input, data, `The data of \`${name}\``);
				// The schema may have taken all the time.
				deadline.check();
				const channel = this.#openOwn(member.params, context);
				return rules.handler(input, {
					user,
					params,
					channel,
					connection,
					get signal() {
						return deadline.signal;
					},
					requestId,
				});
			},
		});
	}

	async onJoin(member: MemberView): Promise<void> {
		await this.#call('onJoin', member);
	}

	async onLeave(member: MemberView): Promise<void> {
		await this.#call('onLeave', member);
	}

	readPlain(message: string | Uint8Array): unknown {
		return readPlainMessage(message, 'json');
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
		return channelHandle({
			rules: {
				file: this.file,
				size: this.retention.size,
				isEphemeral: (event) => this.#event(event).ephemeral,
				write: (event, data) => this.#write(event, data),
				sent: (event, data) => this.#events.sent({ event, data, channel: this.name }),
			},
			params,
			port,
			current,
		});
	}

	#connectionOf({ connection }: MemberView): SiteConnection {
		const { data: initial } = this.#options;
		return new SiteConnection(connection, {
			write: (event, data) => this.#write(event, data),
			sent: (event, data) =>
				this.#events.sent({
					event,
					data,
					channel: this.name,
					connections: [connection.id],
				}),
			...(initial !== undefined && { initial }),
		});
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
	async #write(event: string, data: unknown): Promise<Data> {
		const { schema } = this.#event(event);
		const { isDevelopment } = this.#runtime;
		const what = `The data of \`${event}\``;
		try {
			const parsed = await within(this.#runtime, this.timeout, `The schema of \`${event}\``, () =>
				parse(schema, data, what),
			);
			return writeData(parsed, { what, limit: MAX_KEPT_BYTES, isStrict: isDevelopment });
		} catch (error) {
			throw error instanceof RealtimeError ? PublishError.of(error) : error;
		}
	}

	#presenceRules({ schema, of, server }: PresenceSettings): PresenceRules {
		const what = 'The presence data';
		const write = (value: unknown, limit: number): string | undefined =>
			writeJson(value, { what, limit, isStrict: this.#runtime.isDevelopment });
		const written = async (data: unknown, member: MemberView): Promise<string | undefined> => {
			const own = schema === undefined ? {} : await parse(schema, data, what);
			const text = write(own, MAX_PRESENCE_BYTES);
			if (server === undefined) return text;
			const added = await server({ user: member.user, params: this.#paramsOf(member.params) });
			try {
				return write({ ...asObject(own), ...asObject(added) }, MAX_MEMBER_DATA_BYTES);
			} catch (error) {
				// The client has kept its own limit.
				throw error instanceof RealtimeError ? PublishError.of(error) : error;
			}
		};
		return {
			of,
			parse: async (data, member) => {
				try {
					const text = await within(this.#runtime, this.timeout, what, () => written(data, member));
					return text === undefined ? null : JSON.parse(text);
				} catch (error) {
					const known = realtimeErrorOf(error);
					if (known === undefined || known.code === 'TIMEOUT') this.#events.failed(error);
					throw known ?? failure();
				}
			},
		};
	}

	async #call(hook: 'onJoin' | 'onLeave', member: MemberView): Promise<void> {
		const callback = this.#options[hook];
		if (callback === undefined) return;
		const { user, params } = member;
		const connection = this.#connectionOf(member);
		const context: HandlerContext = {
			file: this.file,
			member,
			publishing() {},
			sent: this.#events.sent,
		};
		const channel = this.#openOwn(params, context);
		const given = { user, params: this.#paramsOf(params), channel, connection };
		try {
			await within(this.#runtime, this.timeout, `\`${hook}\``, () =>
				this.#runtime.context.run(context, () => callback(given)),
			);
			SiteConnection.save(connection);
		} catch (error) {
			this.#events.failed(error);
		}
	}

	#unknownMessage(name: string): RealtimeError {
		const hint = this.#runtime.isDevelopment
			? ` ${suggestion(name, [...this.#options.messages.keys()])}`
			: '';
		return new RealtimeError({
			code: 'NOT_FOUND',
			message: `The channel has no message \`${name.slice(0, 64)}\`.${hint}`,
		});
	}

	/** In `astro dev`. The client is not told why. */
	#logRefusal(reason: string): void {
		if (!this.#runtime.isDevelopment) return;
		this.#runtime.log(`A join of \`src/realtime/${this.file}\` is refused: ${reason}.`);
	}
}

/** Only `true` and an object with `history` admit: a row of a database by mistake does not. */
function admission(answer: unknown): { readonly history: boolean } | undefined {
	if (answer === true) return { history: true };
	if (answer === false || answer === undefined || answer === null) return undefined;
	const history = typeof answer === 'object' && 'history' in answer ? answer.history : undefined;
	if (typeof history === 'boolean') return { history };
	throw new TypeError(
		'`authorize` must give true, false, or `{ history: false }`. Write `!!` before another value.',
	);
}

function asObject(value: unknown): object {
	return typeof value === 'object' && value !== null ? value : {};
}
