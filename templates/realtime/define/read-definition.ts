import { Checker } from './checker.ts';
import { declaredDefinition } from './declared.ts';
import { type Declaration, declarationOf } from './define-channel.ts';
import type { ChannelDefinition } from './definition.ts';
import { defaultHooks, HOOK_NAMES, type Hooks, hooksOf, messageEvents } from './hooks.ts';
import type { Problem } from './problem.ts';
import type { Runtime } from './runtime.ts';
import { shortDefinition } from './short-form.ts';
import type { ChannelModule } from './site-file.ts';

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
): DefinitionResult {
	const checker = new Checker(channel.path);
	const { default: exported } = channel.module;
	const declaration = declarationOf(exported);
	const { logError, logMessage } = defaultHooks(runtime);
	const eventsOf = (own: Hooks, defaults: Hooks) =>
		messageEvents([own, ...places], defaults, runtime);
	let definition: ChannelDefinition | undefined;
	if (declaration !== undefined) {
		checkPath(declaration, channel, checker);
		checkExports(channel, checker);
		const own = isMembers(declaration.options) ? hooksOf(declaration.options, checker) : {};
		const events = eventsOf(own, { onError: logError as never });
		definition = declaredDefinition(channel, declaration.options, { events, runtime, checker });
	} else if (typeof exported === 'function') {
		const own = hooksOf(channel.module, checker);
		const events = eventsOf(own, {
			onError: logError as never,
			onMessageReceived: logMessage as never,
		});
		definition = shortDefinition(channel, { events, runtime, checker });
	} else {
		checker.add(
			'The file has no default export of a channel.',
			'Write `export default defineChannel({ … })`. A file that is no channel begins with `_`.',
		);
	}
	const { problems } = checker;
	return definition === undefined || problems.length > 0 ? { problems } : { definition };
}

function checkPath({ file }: Declaration, channel: ChannelModule, checker: Checker): void {
	if (file === undefined || file === channel.file) return;
	checker.add(
		`\`defineChannel()\` names the file \`${String(file)}\`.`,
		`Write \`defineChannel('${channel.file}', { … })\`, or leave the path out.`,
	);
}

/** The options hold everything that a declared channel has. */
function checkExports({ module }: ChannelModule, checker: Checker): void {
	for (const name of ['config', ...HOOK_NAMES]) {
		if (!Object.hasOwn(module, name)) continue;
		const place = name === 'config' ? 'set `timeout` there' : `make \`${name}\` one of them`;
		checker.add(
			`The export \`${name}\` belongs to the short form of a channel.`,
			`Remove it. The options of \`defineChannel()\` hold everything: ${place}.`,
		);
	}
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === 'object' && value !== null;
}
