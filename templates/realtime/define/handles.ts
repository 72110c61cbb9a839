import { channelKey, MAX_VALUE_LENGTH } from '../channel/key.ts';
import { MAX_KEPT_BYTES } from '../channel/limits.ts';
import type { ChannelHandle } from './api/channel-handle.ts';
import { checkUserId } from './api/id.ts';
import { MAX_RECIPIENTS } from './api/limits.ts';
import type { HandlerContext } from './api/runtime.ts';
import { settleEach } from './api/settle-each.ts';
import { shown } from './api/shown.ts';
import { mayBeUnwaited } from './api/unwaited.ts';
import { writeData } from './data/json.ts';
import type { PlainChannelHandle } from './definition.ts';
import { type DefaultHooks, defaultHooks } from './handling/hooks.ts';
import { isReserved } from './reading/names.ts';
import { suggestion } from './reading/suggestion.ts';
import { SHORT_FORM_MESSAGE } from './short-form.ts';
import type { Site } from './site.ts';

/** A node of `channels`: call it with parameters, or go on to the channels below it. */
export interface UntypedChannels {
	(params?: Readonly<Record<string, string>>): ChannelHandle | PlainChannelHandle;
	readonly [name: string]: UntypedChannels;
}

/**
 * `channels` of `zastro:realtime`.
 *
 * @param site Called for each use, because files change in `astro dev`.
 */
export function createChannels(site: () => Site): UntypedChannels {
	return node(site, []);
}

function node(site: () => Site, path: readonly string[]): UntypedChannels {
	const open = (params?: Readonly<Record<string, string>> | null) =>
		openChannel(site(), path.join('/'), params ?? {});
	return new Proxy(open, {
		get: (_, name) =>
			typeof name !== 'string' || isReserved(name) ? undefined : node(site, [...path, name]),
	}) as unknown as UntypedChannels;
}

function openChannel(
	site: Site,
	name: string,
	params: Readonly<Record<string, string>>,
): ChannelHandle | PlainChannelHandle {
	const definition = site.find(name, Object.keys(params));
	if (definition === undefined) throw unknownChannel(site, name, params);
	const { file } = definition;
	const given: [param: string, value: string][] = [];
	for (const param of definition.params) {
		const value = params[param];
		if (value === undefined || channelKey(file, [value]) === undefined) {
			throw new TypeError(
				`The parameter \`${param}\` of the channel \`${name}\` must be a string of 1 to ${MAX_VALUE_LENGTH} characters, got: ${shown(value)}`,
			);
		}
		given.push([param, value]);
	}
	return definition.open(Object.fromEntries(given));
}

function unknownChannel(site: Site, name: string, params: object): TypeError {
	const definitions = [...site.definitions.values()];
	const named = definitions.filter((definition) => definition.name === name);
	if (named.length === 0) {
		const names = [...new Set(definitions.map((definition) => definition.name))];
		return new TypeError(`There is no channel \`${name}\`. ${suggestion(name, names)}`);
	}
	const list = (names: readonly string[]): string =>
		names.length === 0 ? 'no parameters' : names.map((param) => `\`${param}\``).join(', ');
	const takes = named.map((definition) => list(definition.params)).join(', or ');
	return new TypeError(
		`The channel \`${name}\` takes ${takes}, but was given ${list(Object.keys(params))}.`,
	);
}

/** `socket` of `zastro:realtime`. */
export interface UntypedSocket {
	send(message: unknown): Promise<void>;
	to(users: string | readonly string[]): { send(message: unknown): Promise<void> };
	isOnline(userId: string): Promise<boolean>;
}

/** @param site Called for each use, because files change in `astro dev`. */
export function createSocket(site: () => Site): UntypedSocket {
	const write = (message: unknown) =>
		writeData(message, {
			what: 'The message',
			limit: MAX_KEPT_BYTES,
			isStrict: site().runtime.isDevelopment,
		});
	return {
		send(message) {
			let context: HandlerContext | undefined;
			const send = async (): Promise<undefined> => {
				context = site().runtime.context.getStore();
				if (context === undefined) {
					throw new TypeError(
						'socket.send() works inside of a handler. Name the users elsewhere: socket.to([…]).send()',
					);
				}
				const { connection, user } = context.member;
				const data = write(message);
				if (user === undefined) {
					connection.send(SHORT_FORM_MESSAGE, data);
					context.sent({ data: message, connections: [connection.id] });
					return;
				}
				await site().runtime.directory.user(user.id).send(data);
				context.sent({ data: message, users: [user.id] });
			};
			const work = send();
			(context as HandlerContext | undefined)?.publishing(work);
			return work;
		},
		to(given) {
			// Also `undefined`, of which a Set would be empty: the message would reach nobody.
			const users = [...new Set(Object(given) === given ? given : [given as string])];
			if (users.length > MAX_RECIPIENTS) {
				throw new RangeError(
					`socket.to() takes at most ${MAX_RECIPIENTS} users, got ${users.length}. Use a channel for more.`,
				);
			}
			for (const id of users) checkUserId(id);
			const send = async (message: unknown): Promise<void> => {
				const { directory, context } = site().runtime;
				const data = write(message);
				const results = await settleEach(users, directory.width, (id) =>
					directory.user(id).send(data),
				);
				const failed = users.filter((_, index) => results[index]?.status === 'rejected');
				if (failed.length > 0) {
					const reasons = results.flatMap((result) =>
						result.status === 'rejected' ? [result.reason] : [],
					);
					const error =
						reasons.length === 1 && reasons[0] instanceof Error
							? reasons[0]
							: new AggregateError(reasons, `Sending to ${failed.length} users failed.`);
					throw Object.assign(error, { failed });
				}
				const sent = context.getStore()?.sent ?? site().events.sent;
				sent({ data: message, users });
			};
			return {
				send: (message) => mayBeUnwaited(send(message), (error) => site().events.failed(error)),
			};
		},
		isOnline: async (userId) => {
			checkUserId(userId);
			return site().runtime.directory.user(userId).isOnline();
		},
	};
}

/** `logMessage` and `logError` of `zastro:realtime`. */
export function createDefaultHooks(site: () => Site): DefaultHooks {
	return {
		logMessage(message) {
			defaultHooks(site().runtime).logMessage(message);
		},
		logError(error, message) {
			defaultHooks(site().runtime).logError(error, message);
		},
	};
}
