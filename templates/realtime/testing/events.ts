import { declarationOf } from '../define/api/define-channel.ts';
import type { ChannelModule } from '../define/reading/site-file.ts';
import { SHORT_FORM_MESSAGE } from '../define/short-form.ts';

/** The names of what clients of a channel get. */
export function eventNames({ module }: ChannelModule): readonly string[] {
	const declaration = declarationOf(module.default);
	if (declaration === undefined) return [SHORT_FORM_MESSAGE];
	const { events } = Object(declaration.options) as { readonly events?: object };
	return Object.keys(Object(events));
}

/** The channel of a name and parameters, as clients call it. */
export function findModule(
	files: readonly ChannelModule[],
	name: string,
	params: Readonly<Record<string, string>>,
): ChannelModule | undefined {
	const given = Object.keys(params).sort().join();
	return files.find((file) => file.name === name && [...file.params].sort().join() === given);
}
