/**
 * What a Worker has in place of modules that it does not need. Each export stands for the one of the
 * same name in a module of `cloudflare/configure/parts`.
 */

import type {
	MemberMessages as RealMessages,
	Sender,
	SentMessage,
} from '../../realtime/channel/messages/messages.ts';
import type { MessageRates as RealRates } from '../../realtime/channel/messages/rates.ts';
import {
	DEFAULT_HISTORY_SIZE,
	DEFAULT_HISTORY_TTL,
	DEFAULT_TIMEOUT,
	MAX_HISTORY_SIZE,
	MAX_HISTORY_TTL,
	MAX_TIMEOUT,
} from '../../realtime/define/api/limits.ts';
import type { misuse as realMisuse } from '../../realtime/define/api/misuse.ts';
import { isSchema } from '../../realtime/define/api/schema.ts';
import type { mayBeUnwaited as realUnwaited } from '../../realtime/define/api/unwaited.ts';
import type { lossOf as realLossOf } from '../../realtime/define/data/loss.ts';
import type * as realHandlers from '../../realtime/define/handlers.ts';
import type * as realOptions from '../../realtime/define/handling/declared-options.ts';
import type { DeclaredOptions } from '../../realtime/define/handling/declared-options.ts';
import type * as realRefusals from '../../realtime/define/handling/refusal-log.ts';
import type { checkUser as realCheckUser } from '../../realtime/define/handling/user.ts';
import type {
	AnyFunction,
	NumberRules,
	Checker as RealChecker,
	isFunction as realIsFunction,
} from '../../realtime/define/reading/checker.ts';
import type * as realChecks from '../../realtime/define/reading/file-checks.ts';
import { HOOK_NAMES, USER_HOOK_NAMES } from '../../realtime/define/reading/hook-names.ts';
import type { Problem } from '../../realtime/define/reading/problem.ts';
import type { strictParams as realStrictParams } from '../../realtime/define/reading/strict-params.ts';
import type * as realSuggestions from '../../realtime/define/reading/suggestion.ts';
import type { ErrorData } from '../../realtime/protocol/errors.ts';
import { errorFrame } from '../../realtime/protocol/server-frames.ts';
import type { closeAtExpiry as realCloseAtExpiry } from '../../realtime/server/expiry.ts';
import type { PresenceUpdates as RealUpdates } from '../../realtime/server/presence-updates.ts';
import type * as realUnknown from '../../realtime/server/unknown-channel.ts';
import type { Users as RealUsers } from '../../realtime/user/users.ts';
import type { SqlClaims as RealClaims } from '../engine/sql-claims.ts';
import type { SqlPast as RealPast } from '../engine/sql-past.ts';
import type { SqlPresence as RealPresence } from '../engine/sql-presence.ts';
import type { SqlUsers as RealSqlUsers } from '../engine/sql-users.ts';
import type { LifeCheck as RealLifeCheck } from './instance/life-check.ts';
import type { RelayUsers as RealRelayUsers } from './instance/relay-users.ts';

// Without messages from clients, `onJoin` and `onLeave`.

/** Refuses the messages of clients. */
class NoMessages {
	readonly #sender: Sender;

	constructor(sender: Sender) {
		this.#sender = sender;
	}

	hook(): void {}

	take(message: SentMessage): void {
		this.refuse(message, NO_MESSAGE);
	}

	refuse({ id }: SentMessage, error: ErrorData): void {
		const { link, ref } = this.#sender;
		if (id !== undefined) link.send(errorFrame(ref, id, error));
	}
}

const NO_MESSAGE: ErrorData = { code: 'NOT_FOUND', message: 'The channel has no messages.' };

/** Nobody asks it. */
class NoRates {}

class NoClaims {
	opened(): void {}
	closed(): void {}
	ended(): void {}
}

const nothing = (): undefined => {};

export const MemberMessages: typeof RealMessages = NoMessages as never;
export const MessageRates: typeof RealRates = NoRates as never;
export const SqlClaims: typeof RealClaims = NoClaims as never;
export const handle: typeof realHandlers.handle = nothing as never;
export const callHook: typeof realHandlers.callHook = nothing;
export const lossOf: typeof realLossOf = nothing;

// Without history.

class NoPast {
	after(): readonly [] {
		return [];
	}
	last(): { readonly entries: readonly [] } {
		return { entries: [] };
	}
	replace(): boolean {
		return false;
	}
}

export const SqlPast: typeof RealPast = NoPast as never;

// Without presence.

class NoPresence {
	readonly hasMembers = false;
	async enter(): Promise<void> {}
	async depart(): Promise<void> {}
	async present(): Promise<readonly []> {
		return [];
	}
	async watch(): Promise<() => void> {
		return nothing;
	}
	checkSoon(): void {}
	restore(): void {}
	sweep(): void {}
}

class NoUpdates {
	take(): void {}
	apply(): void {}
}

class NoLifeCheck {
	start(): void {}
	heard(): void {}
}

export const SqlPresence: typeof RealPresence = NoPresence as never;
export const LifeCheck: typeof RealLifeCheck = NoLifeCheck as never;
export const PresenceUpdates: typeof RealUpdates = NoUpdates as never;

// Without `authenticate` everyone is a visitor.

class NoUsers {
	readonly size = 0;
	add(): void {}
	restore(): void {}
	remove(): void {}
	message(): void {}
	async send(): Promise<void> {}
	async isOnline(): Promise<boolean> {
		return false;
	}
	async enter(): Promise<void> {}
	async depart(): Promise<void> {}
	sweep(): void {}
}

export const Users: typeof RealUsers = NoUsers as never;
export const SqlUsers: typeof RealSqlUsers = NoUsers as never;
export const RelayUsers: typeof RealRelayUsers = NoUsers as never;
export const checkUser: typeof realCheckUser = nothing;
export const closeAtExpiry: typeof realCloseAtExpiry = nothing;

// Outside of `astro dev`, which explains what is wrong.

export const strictParams: typeof realStrictParams = (params) => params;
export const nearest: typeof realSuggestions.nearest = nothing;
export const suggestion: typeof realSuggestions.suggestion = (_name, names) =>
	`Known names: ${names.join(', ')}`;

export const logMissingUser: typeof realRefusals.logMissingUser = nothing;
export const logRefusal: typeof realRefusals.logRefusal = nothing;
export const logUnknownName: typeof realUnknown.logUnknownName = nothing;
export const logUnknownPath: typeof realUnknown.logUnknownPath = nothing;

export const misuse: typeof realMisuse = (what) =>
	new TypeError(`Wrong \`${what}\`. Start \`astro dev\`, which says why.`);

export const mayBeUnwaited: typeof realUnwaited = (work) => work;

type Members = Readonly<Record<string, unknown>>;
type Test = (value: unknown) => boolean;

/** Finds what is wrong, without the words for it. */
class ShortChecker {
	readonly problems: Problem[] = [];
	readonly #file: string;

	constructor(file: string) {
		this.#file = file;
	}

	add(what: string): void {
		const hint = 'Start `astro dev`, which says why.';
		this.problems.push({ file: this.#file, message: `${what} is wrong.`, hint });
	}

	/** Checks the members of an object. Undefined for anything else. */
	all(value: unknown, tests: Readonly<Record<string, Test>>, what: string): Members | undefined {
		if (isMembers(value)) {
			const names = Object.keys({ ...tests, ...value });
			if (names.every((name) => Object.hasOwn(tests, name) && tests[name]?.(value[name]))) {
				return value;
			}
		}
		this.add(what);
		return undefined;
	}

	members(value: unknown, what: string): Members | undefined {
		if (isMembers(value)) return value;
		this.add(what);
		return undefined;
	}

	only(value: Members, known: readonly string[], what: string): void {
		if (!Object.keys(value).every((name) => known.includes(name))) this.add(what);
	}

	optionalFunction(value: unknown, what: string): unknown {
		if (!orNone(isFunction)(value)) this.add(what);
		return value;
	}

	positive(value: unknown, what: string, { fallback, max }: NumberRules): number {
		if (!isNumber(max)(value)) this.add(what);
		return (value ?? fallback) as number;
	}
}

const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null;
const orNone =
	(test: Test): Test =>
	(value) =>
		value === undefined || test(value);
const isNumber = (max: number): Test =>
	orNone((value) => typeof value === 'number' && value > 0 && value <= max);
const isFlag: Test = orNone((value) => typeof value === 'boolean');

export const Checker: typeof RealChecker = ShortChecker as never;
export const isFunction: typeof realIsFunction = (value): value is AnyFunction =>
	typeof value === 'function';

export const checkTimeout: typeof realOptions.checkTimeout = (value, checker) =>
	checker.positive(value, '`timeout`', { unit: '', fallback: DEFAULT_TIMEOUT, max: MAX_TIMEOUT });

export const checkOptions: typeof realOptions.checkOptions = (given, real, checkPresence) => {
	const checker = real as unknown as ShortChecker;
	const isCallback = orNone(isFunction);
	const isHook: Test = (value) => value === null || isCallback(value);
	const options = checker.all(
		given,
		{
			authorize: (value) => value === 'users' || value === 'anyone' || isFunction(value),
			anonymous: isFlag,
			messages: orNone(isMembers),
			events: orNone(isMembers),
			presence: (value) => value === undefined || checkPresence !== undefined,
			history: orNone(isMembers),
			data: isCallback,
			timeout: () => true,
			onJoin: isCallback,
			onLeave: isCallback,
			...Object.fromEntries(HOOK_NAMES.map((name) => [name, isHook])),
		},
		'`defineChannel()`',
	);
	if (options === undefined) return undefined;
	const entries = (name: string, tests: Readonly<Record<string, Test>>): Map<string, unknown> =>
		new Map(
			Object.entries(options[name] ?? {}).map(([entry, value]) => [
				entry,
				checker.all(isSchema(value) ? { schema: value } : value, tests, `\`${name}.${entry}\``),
			]),
		);
	const { presence, history, timeout } = options;
	const kept = isMembers(history)
		? checker.all(
				history,
				{ size: isNumber(MAX_HISTORY_SIZE), ttl: isNumber(MAX_HISTORY_TTL) },
				'`history`',
			)
		: undefined;
	const checked = {
		...options,
		messages: entries('messages', {
			input: orNone(isSchema),
			handler: isFunction,
			ephemeral: isFlag,
			idempotent: isFlag,
		}),
		events: entries('events', { schema: isSchema, ephemeral: isFlag }),
		presence: presence === undefined ? undefined : checkPresence?.(presence, real),
		history: kept && {
			size: Math.ceil(Number(kept.size ?? DEFAULT_HISTORY_SIZE)),
			ttl: kept.ttl ?? DEFAULT_HISTORY_TTL,
		},
		timeout: checkTimeout(timeout, real),
	};
	return checked as unknown as DeclaredOptions;
};

export const checkPath: typeof realChecks.checkPath = ({ file }, channel, checker) => {
	if (file !== undefined && file !== channel.file) checker.add('The path', '');
};

export const checkExports: typeof realChecks.checkExports = ({ module }, checker) => {
	checker.only(module, Object.keys(module).filter(isNoOption), 'An export');
};

const isNoOption = (name: string): boolean => !['config', ...HOOK_NAMES].includes(name);

/** A site that names `authenticate` where it is not called must not go on without it. */
export const checkMiddleware: typeof realChecks.checkMiddleware = ({ module, folder }, checker) => {
	for (const name of USER_HOOK_NAMES) {
		if (!Object.hasOwn(module, name) || (folder === '' && isFunction(module[name]))) continue;
		checker.add(`\`${name}\``, '');
	}
};

export const checkSpelling: typeof realChecks.checkSpelling = nothing;
