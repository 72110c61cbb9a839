import { declarationOf } from './api/define-channel.ts';
import type { Runtime } from './api/runtime.ts';
import { declaredDefinition } from './declared.ts';
import type { ChannelDefinition } from './definition.ts';
import { defaultHooks, type Hooks, hooksOf, messageEvents } from './handling/hooks.ts';
import type { CheckPresence } from './handling/presence.ts';
import { Checker } from './reading/checker.ts';
import { checkExports, checkPath } from './reading/file-checks.ts';
import { NO_CHANNEL } from './reading/no-channel.ts';
import type { Problem } from './reading/problem.ts';
import type { ChannelModule } from './reading/site-file.ts';
import type { ShortDefinition } from './short-form.ts';

/** Parts of definitions that some sites do not need. */
export interface DefinitionParts {
	readonly checkPresence?: CheckPresence;
	readonly shortDefinition?: ShortDefinition;
}

export type DefinitionResult =
	| { readonly definition: ChannelDefinition }
	| { readonly problems: readonly Problem[] };

/**
 * Reads a channel's file.
 *
 * @param places The hooks of the `_middleware` files that apply, the nearest folder's first.
 */
export function readDefinition(
	channel: ChannelModule,
	places: readonly Hooks[],
	runtime: Runtime,
	{ checkPresence, shortDefinition }: DefinitionParts,
): DefinitionResult {
	const checker = new Checker(channel.path);
	const { default: exported } = channel.module;
	const declaration = declarationOf(exported);
	const { logError, logMessage } = defaultHooks(runtime, `The channel \`${channel.file}\``);
	const eventsOf = (own: Hooks, defaults: Hooks) =>
		messageEvents([own, ...places], defaults, runtime);
	let definition: ChannelDefinition | undefined;
	if (declaration !== undefined) {
		checkPath(declaration, channel, checker);
		checkExports(channel, checker);
		const own = isMembers(declaration.options) ? hooksOf(declaration.options, checker) : {};
		const events = eventsOf(own, { onError: logError as never });
		definition = declaredDefinition(channel, declaration.options, {
			events,
			runtime,
			checker,
			checkPresence,
		});
	} else if (typeof exported === 'function' && shortDefinition !== undefined) {
		const own = hooksOf(channel.module, checker);
		const events = eventsOf(own, {
			onError: logError as never,
			onMessageReceived: logMessage as never,
		});
		definition = shortDefinition(channel, { events, runtime, checker });
	} else {
		checker.add(...NO_CHANNEL);
	}
	const { problems } = checker;
	return definition === undefined || problems.length > 0 ? { problems } : { definition };
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === 'object' && value !== null;
}
