import type { HandlerDeadline } from '../channel/handler-deadline.ts';
import type { ClientMessage, MemberView } from '../channel/rules.ts';
import { RealtimeError } from '../protocol/errors.ts';
import type { Data } from '../protocol/server-frames.ts';
import type { ChannelHandle } from './api/channel-handle.ts';
import { realtimeErrorOf } from './api/errors.ts';
import type { HandlerContext, Runtime } from './api/runtime.ts';
import { parse } from './api/schema.ts';
import { within } from './handling/deadline.ts';
import type { DeclaredOptions } from './handling/declared-options.ts';
import { runHandler, SiteCall } from './handling/handler.ts';
import type { MessageEvents } from './handling/hooks.ts';
import { type ConnectionRules, SiteConnection } from './handling/member.ts';
import { suggestion } from './reading/suggestion.ts';

/** What the handlers of a declared channel need of its definition. */
export interface Handling extends ConnectionRules {
	readonly file: string;
	/** The name of the channel. */
	readonly channel: string;
	/** Milliseconds for the site's code. */
	readonly timeout: number;
	readonly options: DeclaredOptions;
	readonly events: MessageEvents;
	readonly runtime: Runtime;
	/** The parameters, as the site's code gets them. */
	paramsOf(params: MemberView['params']): MemberView['params'];
	/** The channel of a member, for its handlers. */
	open(params: MemberView['params'], context: HandlerContext): ChannelHandle;
}

/**
 * Parses a client's message and runs its handler.
 *
 * @throws RealtimeError for the sender. Other errors are reported.
 */
export function handle(
	handling: Handling,
	message: ClientMessage,
	deadline: HandlerDeadline,
): Data | Promise<Data> {
	const { file, channel, options, events, runtime } = handling;
	const { name, data, member } = message;
	const rules = options.messages.get(name);
	if (rules === undefined) return Promise.reject(unknownMessage(handling, name));
	const connection = new SiteConnection(member.connection, handling);
	const { user } = member;
	const params = handling.paramsOf(member.params);
	const run = (context: HandlerContext): unknown => {
		const open = (): ChannelHandle => handling.open(member.params, context);
		const call = (input: unknown): unknown =>
			rules.handler(input, new HandlerArguments(message, params, connection, deadline, open));
		const input = rules.input && parse(rules.input, data, `The data of \`${name}\``);
		return input instanceof Promise
			? input.then((late) => {
					// The schema may have taken all the time.
					deadline.check();
					return call(late);
				})
			: call(input);
	};
	return runHandler({
		file,
		message,
		received: () => {
			const { requestId } = message;
			return { connection, data, requestId, user, name, channel, params };
		},
		connection,
		deadline,
		events,
		runtime,
		isReported: (error) => realtimeErrorOf(error) === undefined,
		run,
	});
}

/** Calls `onJoin` or `onLeave`, if the site has it. Its errors are reported. */
export function callHook(
	handling: Handling,
	hook: 'onJoin' | 'onLeave',
	member: MemberView,
): Promise<void> | undefined {
	const { file, timeout, options, events, runtime } = handling;
	const callback = options[hook];
	if (callback === undefined) return undefined;
	const { user, params } = member;
	const connection = new SiteConnection(member.connection, handling);
	const context = new SiteCall(file, member, events);
	SiteConnection.tell(connection, context);
	const channel = handling.open(params, context);
	const given = { user, params: handling.paramsOf(params), channel, connection };
	const call = async (): Promise<void> => {
		await runtime.context.run(context, () => callback(given));
		await Promise.all(context.begun ?? []);
	};
	return within(runtime, timeout, `\`${hook}\``, call)
		.then(() => {
			context.end();
			SiteConnection.save(connection);
		})
		.catch((error) => {
			context.end(error);
			events.failed(error);
		});
}

function unknownMessage({ options, runtime }: Handling, name: string): RealtimeError {
	const hint = runtime.isDevelopment ? ` ${suggestion(name, [...options.messages.keys()])}` : '';
	return new RealtimeError({
		code: 'NOT_FOUND',
		message: `The channel has no message \`${name.slice(0, 64)}\`.${hint}`,
	});
}

/** What a handler gets beside the data. Most handlers use little of it, so the rest is not made. */
class HandlerArguments {
	readonly user: MemberView['user'];
	readonly params: MemberView['params'];
	readonly connection: SiteConnection;
	readonly #message: ClientMessage;
	readonly #deadline: HandlerDeadline;
	readonly #open: () => ChannelHandle;
	#channel: ChannelHandle | undefined;

	constructor(
		message: ClientMessage,
		params: MemberView['params'],
		connection: SiteConnection,
		deadline: HandlerDeadline,
		open: () => ChannelHandle,
	) {
		this.user = message.member.user;
		this.params = params;
		this.connection = connection;
		this.#message = message;
		this.#deadline = deadline;
		this.#open = open;
	}

	get channel(): ChannelHandle {
		this.#channel ??= this.#open();
		return this.#channel;
	}

	get signal(): AbortSignal {
		return this.#deadline.signal;
	}

	get requestId(): string {
		return this.#message.requestId;
	}
}
