import { MARK } from '../scripts/site.ts';
import type { Argument } from './client.ts';
import { EngineError } from './errors.ts';
import type { Keys } from './keys.ts';

export interface Mark {
	/** Changes when the data is lost. */
	readonly life: string;
}

/**
 * Marks the site's prefix as its own.
 *
 * @param send Sends a command.
 * @throws EngineError if the prefix belongs to another site, or the data is of a newer version.
 */
export async function checkMark(
	send: (command: string, ...args: readonly Argument[]) => Promise<unknown>,
	keys: Keys,
	own: {
		readonly site: string;
		readonly prefix: string;
		readonly format: number;
		/** A random text, for data that begins now. */
		readonly life: string;
	},
): Promise<Mark> {
	const { site, prefix, format } = own;
	const mark = (await send(
		'EVAL',
		MARK.text,
		1,
		keys.mark,
		site,
		format,
		own.life,
	)) as readonly Buffer[];
	const [owner = '', version = '', life = ''] = mark.map(String);
	if (owner !== site) {
		throw new EngineError(
			'REDIS_PREFIX_TAKEN',
			`The prefix \`${prefix}\` in Redis belongs to the site \`${owner}\`, and this one is \`${site}\`.`,
			'Set another `realtime.prefix` in the options of the adapter.',
		);
	}
	if (Number(version) > format) {
		throw new EngineError(
			'REDIS_DATA_NEWER',
			`The realtime channels below the prefix \`${prefix}\` were written by a newer version of the package.`,
			'Update the package of this site, or set another `realtime.prefix`.',
		);
	}
	return { life };
}
