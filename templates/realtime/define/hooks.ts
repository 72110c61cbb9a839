import { type AnyFunction, type Checker, isFunction, type Members } from './checker.ts';
import { realtimeErrorOf } from './errors.ts';
import { nearest } from './names.ts';
import type { Runtime, SentMessage } from './runtime.ts';
import type { SiteModule } from './site-file.ts';
import type { RealtimeMessage } from './types.ts';

/** The hooks on messages. */
export const HOOK_NAMES = ['onMessageReceived', 'onMessageSent', 'onError'] as const;
type HookName = (typeof HOOK_NAMES)[number];

/** The hooks on users, of `src/realtime/_middleware` alone. */
export const USER_HOOK_NAMES = ['authenticate', 'onOnline', 'onOffline'] as const;

/** The hooks of one place. `null` switches one off. */
export type Hooks = Readonly<Partial<Record<HookName, AnyFunction | null>>>;

/** Calls the hooks that apply to a file. Errors of hooks are reported. */
export interface MessageEvents {
	received(message: RealtimeMessage): void;
	sent(message: SentMessage): void;
	failed(error: unknown, message?: RealtimeMessage): void;
}

/** Takes the hooks on messages from options or exports. */
export function hooksOf(given: Members, checker: Checker): Hooks {
	const hooks: Partial<Record<HookName, AnyFunction | null>> = {};
	for (const name of HOOK_NAMES) {
		const hook = Object.hasOwn(given, name) ? given[name] : undefined;
		if (hook === null || isFunction(hook)) hooks[name] = hook;
		else if (hook !== undefined) {
			checker.add(
				`\`${name}\` is not a function.`,
				'Give a function, or `null` to switch the hook off.',
			);
		}
	}
	return hooks;
}

/** The hooks of a `_middleware` file. */
export function middlewareHooks({ module, folder }: SiteModule, checker: Checker): Hooks {
	for (const name of Object.keys(module)) {
		const isOfUsers = (USER_HOOK_NAMES as readonly string[]).includes(name);
		if (isOfUsers && folder !== '') {
			checker.add(
				`\`${name}\` stands in a folder's \`_middleware\`.`,
				'Move it to `src/realtime/_middleware`, which serves all channels.',
			);
		} else if (isOfUsers && !isFunction(module[name])) {
			checker.add(`\`${name}\` is not a function.`, 'Export a function, or leave it out.');
		} else checkSpelling(name, [...HOOK_NAMES, ...USER_HOOK_NAMES], checker);
	}
	return hooksOf(module, checker);
}

/** Refuses an export that is a hook but for its spelling. Others are the site's own. */
export function checkSpelling(name: string, known: readonly string[], checker: Checker): void {
	if (known.includes(name) || name === 'default') return;
	const near = nearest(name, known);
	if (near === undefined) return;
	checker.add(
		`There is no hook \`${name}\`.`,
		`Did you mean \`${near}\`? Rename it, or do not export it.`,
	);
}

/** @param places From the most specific place to the most general one. */
export function messageEvents(
	places: readonly Hooks[],
	defaults: Hooks,
	runtime: Pick<Runtime, 'report' | 'waitUntil'>,
): MessageEvents {
	const caller = (name: HookName): ((...parameters: readonly unknown[]) => void) => {
		const place = [...places, defaults].find((place) => place[name] !== undefined);
		const hook = place?.[name];
		if (hook === undefined || hook === null) return () => {};
		const call = async (parameters: readonly unknown[]): Promise<void> => {
			try {
				await hook(...parameters);
			} catch (error) {
				runtime.report(`The hook \`${name}\` failed.`, error);
			}
		};
		return (...parameters) => runtime.waitUntil(call(parameters));
	};
	return {
		received: caller('onMessageReceived'),
		sent: caller('onMessageSent'),
		failed: caller('onError'),
	};
}

/** What is done without hooks. Sites may call it from theirs. */
export interface DefaultHooks {
	/** Logs a message that arrived. */
	logMessage(message: RealtimeMessage): void;
	/** Logs an error. */
	logError(error: unknown, message?: RealtimeMessage): void;
}

export function defaultHooks(runtime: Pick<Runtime, 'report' | 'log'>): DefaultHooks {
	return {
		logMessage(message) {
			runtime.log(`${placeOf(message)} from connection ${message.connection.id}`);
		},
		logError(error, message) {
			const place = message === undefined ? 'A channel' : placeOf(message);
			const code = realtimeErrorOf(error)?.code;
			runtime.report(`${place} failed${code === undefined ? '.' : `: ${code}`}`, error);
		},
	};
}

function placeOf({ channel, name, requestId }: RealtimeMessage): string {
	const message = name === undefined ? 'Message' : `Message \`${name}\``;
	return `${message} to channel \`${channel}\` (${requestId})`;
}
