import type { Declaration } from '../api/define-channel.ts';
import { type Checker, isFunction } from './checker.ts';
import { HOOK_NAMES, USER_HOOK_NAMES } from './hook-names.ts';
import type { ChannelModule, SiteModule } from './site-file.ts';
import { nearest } from './suggestion.ts';

/** The path that `defineChannel()` names is that of its file. */
export function checkPath({ file }: Declaration, channel: ChannelModule, checker: Checker): void {
	if (file === undefined || file === channel.file) return;
	checker.add(
		`\`defineChannel()\` names the file \`${String(file)}\`.`,
		`Write \`defineChannel('${channel.file}', { … })\`, or leave the path out.`,
	);
}

/** The options hold everything that a declared channel has. */
export function checkExports({ module }: ChannelModule, checker: Checker): void {
	for (const name of ['config', ...HOOK_NAMES]) {
		if (!Object.hasOwn(module, name)) continue;
		const place = name === 'config' ? 'set `timeout` there' : `make \`${name}\` one of them`;
		checker.add(
			`The export \`${name}\` belongs to the short form of a channel.`,
			`Remove it. The options of \`defineChannel()\` hold everything: ${place}.`,
		);
	}
}

/** The hooks on users stand where they serve all channels. */
export function checkMiddleware({ module, folder }: SiteModule, checker: Checker): void {
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
