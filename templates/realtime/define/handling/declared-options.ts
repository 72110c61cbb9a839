import type { Retention } from '../../channel/ports.ts';
import {
	DEFAULT_HISTORY_SIZE,
	DEFAULT_HISTORY_TTL,
	DEFAULT_TIMEOUT,
	MAX_HISTORY_SIZE,
	MAX_HISTORY_TTL,
	MAX_TIMEOUT,
} from '../api/limits.ts';
import type { Schema } from '../api/schema.ts';
import { isSchema, schemaHint } from '../api/schema.ts';
import { type AnyFunction, type Checker, isFunction, type Members } from '../reading/checker.ts';
import { HOOK_NAMES } from '../reading/hook-names.ts';
import { isObjectMember } from '../reading/names.ts';
import type { CheckPresence, PresenceOptions } from './presence.ts';

/** The options of `defineChannel()`, checked. */
export interface DeclaredOptions {
	readonly authorize: 'users' | 'anyone' | AnyFunction;
	/** Whether `authorize` is asked about visitors. */
	readonly anonymous: boolean;
	readonly messages: ReadonlyMap<string, MessageOptions>;
	readonly events: ReadonlyMap<string, EventOptions>;
	/** Makes the rules of presence. */
	readonly presence: PresenceOptions | undefined;
	readonly history: Retention | undefined;
	readonly data: AnyFunction | undefined;
	/** Seconds. */
	readonly timeout: number;
	readonly onJoin: AnyFunction | undefined;
	readonly onLeave: AnyFunction | undefined;
}

export interface MessageOptions {
	readonly input: Schema | undefined;
	readonly handler: AnyFunction;
	readonly ephemeral: boolean;
	readonly idempotent: boolean;
}

export interface EventOptions {
	readonly schema: Schema;
	readonly ephemeral: boolean;
}

const OPTIONS: readonly string[] = [
	'authorize',
	'anonymous',
	'messages',
	'events',
	'presence',
	'history',
	'data',
	'timeout',
	'onJoin',
	'onLeave',
	...HOOK_NAMES,
];

/**
 * Checks the options. Problems are added to the checker.
 *
 * @param checkPresence Undefined in the server of a site whose build found no presence.
 */
export function checkOptions(
	given: unknown,
	checker: Checker,
	checkPresence: CheckPresence | undefined,
): DeclaredOptions | undefined {
	const options = checker.members(
		given,
		'The argument of `defineChannel()`',
		'Pass an object with `authorize`.',
	);
	if (options === undefined) return undefined;
	checker.only(options, OPTIONS, '`defineChannel()`');
	const authorize = checkAuthorize(options, checker);
	const { presence, history, data, timeout, onJoin, onLeave } = options;
	if (presence !== undefined && checkPresence === undefined) {
		checker.add(
			'The build did not find `presence`.',
			'Write the options in the call: `defineChannel({ presence: { … } })`.',
		);
	}
	return {
		authorize,
		anonymous: checkAnonymous(options, checker),
		messages: named(options.messages, 'messages', checker, checkMessage),
		events: named(options.events, 'events', checker, checkEvent),
		presence: presence === undefined ? undefined : checkPresence?.(presence, checker),
		history: history === undefined ? undefined : checkHistory(history, checker),
		data: checker.optionalFunction(data, '`data`'),
		timeout: checkTimeout(timeout, checker),
		onJoin: checker.optionalFunction(onJoin, '`onJoin`'),
		onLeave: checker.optionalFunction(onLeave, '`onLeave`'),
	};
}

export function checkTimeout(value: unknown, checker: Checker): number {
	return checker.positive(value, '`timeout`', {
		unit: 'seconds',
		fallback: DEFAULT_TIMEOUT,
		max: MAX_TIMEOUT,
	});
}

function checkAuthorize({ authorize }: Members, checker: Checker): DeclaredOptions['authorize'] {
	if (authorize === 'users' || authorize === 'anyone' || isFunction(authorize)) return authorize;
	checker.add(
		authorize === undefined
			? 'The channel has no `authorize`.'
			: "`authorize` is neither a function nor 'users' nor 'anyone'.",
		"Say who may join: a function of `{ user, params }`, 'users', or 'anyone'.",
	);
	return () => false;
}

function checkAnonymous({ anonymous, authorize }: Members, checker: Checker): boolean {
	if (anonymous !== undefined && (authorize === 'users' || authorize === 'anyone')) {
		checker.add(
			`\`anonymous\` has no effect with \`authorize: '${authorize}'\`.`,
			"Remove it. `authorize: 'anyone'` admits visitors.",
		);
	}
	return checker.flag(anonymous, '`anonymous`');
}

/** The entries of an object of the site, by names that clients may use. */
function named<Entry>(
	given: unknown,
	option: string,
	checker: Checker,
	check: (value: unknown, what: string, checker: Checker) => Entry | undefined,
): ReadonlyMap<string, Entry> {
	const entries = new Map<string, Entry>();
	if (given === undefined) return entries;
	const members = checker.members(given, `\`${option}\``, 'Give an object with a member per name.');
	for (const [name, value] of Object.entries(members ?? {})) {
		const what = `\`${option}.${name}\``;
		if (name === '' || isObjectMember(name)) {
			checker.add(`${what} has a reserved name.`, 'Choose another name.');
			continue;
		}
		const entry = check(value, what, checker);
		if (entry !== undefined) entries.set(name, entry);
	}
	return entries;
}

function checkMessage(value: unknown, what: string, checker: Checker): MessageOptions | undefined {
	const message = checker.members(value, what, 'Give an object with a `handler`.');
	if (message === undefined) return undefined;
	checker.only(message, ['input', 'handler', 'ephemeral', 'idempotent'], what);
	const { input, handler } = message;
	if (input !== undefined && !isSchema(input)) {
		checker.add(`The \`input\` of ${what} is not a schema.`, schemaHint(input));
	}
	if (!isFunction(handler)) {
		checker.add(
			`The \`handler\` of ${what} is not a function.`,
			'Write `handler: async (data, { user, channel }) => { … }`.',
		);
	}
	return {
		input: isSchema(input) ? input : undefined,
		handler: isFunction(handler) ? handler : () => undefined,
		ephemeral: checker.flag(message.ephemeral, `\`ephemeral\` of ${what}`),
		idempotent: checker.flag(message.idempotent, `\`idempotent\` of ${what}`),
	};
}

function checkEvent(value: unknown, what: string, checker: Checker): EventOptions | undefined {
	if (isSchema(value)) return { schema: value, ephemeral: false };
	const isOptions = typeof value === 'object' && value !== null && 'schema' in value;
	if (!isOptions) {
		checker.add(`${what} is not a schema.`, schemaHint(value));
		return undefined;
	}
	const options = value as Members;
	checker.only(options, ['schema', 'ephemeral'], what);
	if (!isSchema(options.schema)) {
		checker.add(`The \`schema\` of ${what} is not a schema.`, schemaHint(options.schema));
		return undefined;
	}
	const ephemeral = checker.flag(options.ephemeral, `\`ephemeral\` of ${what}`);
	return { schema: options.schema, ephemeral };
}

function checkHistory(value: unknown, checker: Checker): Retention | undefined {
	const history = checker.members(value, '`history`', 'Write `history: { size: 100, ttl: 300 }`.');
	if (history === undefined) return undefined;
	checker.only(history, ['size', 'ttl'], '`history`');
	return {
		size: Math.ceil(
			checker.positive(history.size, '`size` of `history`', {
				unit: 'messages',
				fallback: DEFAULT_HISTORY_SIZE,
				max: MAX_HISTORY_SIZE,
			}),
		),
		ttl: checker.positive(history.ttl, '`ttl` of `history`', {
			unit: 'seconds',
			fallback: DEFAULT_HISTORY_TTL,
			max: MAX_HISTORY_TTL,
		}),
	};
}
