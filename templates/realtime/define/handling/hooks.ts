import { realtimeErrorOf } from '../api/errors.ts';
import type { RealtimeMessage } from '../api/file-types.ts';
import type { Runtime, SentMessage } from '../api/runtime.ts';
import { type AnyFunction, type Checker, isFunction, type Members } from '../reading/checker.ts';
import { checkMiddleware } from '../reading/file-checks.ts';
import { HOOK_NAMES, type HookName } from '../reading/hook-names.ts';
import type { SiteModule } from '../reading/site-file.ts';

/** The hooks of one place. `null` switches one off. */
export type Hooks = Readonly<Partial<Record<HookName, AnyFunction | null>>>;

/** Calls the hooks that apply to a file. Errors of hooks are reported. */
export interface MessageEvents {
	/** Undefined if there is no hook. */
	readonly received: ((message: RealtimeMessage) => void) | undefined;
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
export function middlewareHooks(middleware: SiteModule, checker: Checker): Hooks {
	checkMiddleware(middleware, checker);
	return hooksOf(middleware.module, checker);
}

/** @param places From the most specific place to the most general one. */
export function messageEvents(
	places: readonly Hooks[],
	defaults: Hooks,
	runtime: Pick<Runtime, 'enter' | 'report' | 'waitUntil'>,
): MessageEvents {
	const caller = (name: HookName): ((...parameters: readonly unknown[]) => void) | undefined => {
		const place = [...places, defaults].find((place) => place[name] !== undefined);
		const hook = place?.[name];
		if (hook === undefined || hook === null) return undefined;
		const call = async (parameters: readonly unknown[]): Promise<void> => {
			try {
				const work = (): unknown => hook(...parameters);
				await (runtime.enter === undefined ? work() : runtime.enter(work));
			} catch (error) {
				runtime.report(`The hook \`${name}\` failed.`, error);
			}
		};
		return (...parameters) => runtime.waitUntil(call(parameters));
	};
	const nothing = (): void => {};
	return {
		received: caller('onMessageReceived'),
		sent: caller('onMessageSent') ?? nothing,
		failed: caller('onError') ?? nothing,
	};
}

/** What is done without hooks. Sites may call it from theirs. */
export interface DefaultHooks {
	/** Logs a message that arrived. */
	logMessage(message: RealtimeMessage): void;
	/** Logs an error. */
	logError(error: unknown, message?: RealtimeMessage): void;
}

/** @param owner What failed if no message did. */
export function defaultHooks(
	runtime: Pick<Runtime, 'report' | 'log'>,
	owner = 'A channel',
): DefaultHooks {
	return {
		logMessage(message) {
			runtime.log(`${placeOf(message)} from connection ${message.connection.id}`);
		},
		logError(error, message) {
			const place = message === undefined ? owner : placeOf(message);
			const code = realtimeErrorOf(error)?.code;
			runtime.report(`${place} failed${code === undefined ? '.' : `: ${code}`}`, error);
		},
	};
}

function placeOf({ channel, name, requestId }: RealtimeMessage): string {
	const message = name === undefined ? 'Message' : `Message \`${name}\``;
	return `${message} to channel \`${channel}\` (${requestId})`;
}
