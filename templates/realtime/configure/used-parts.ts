import { readFileSync } from 'node:fs';
import type { RealtimeFiles } from './files.ts';

/** A channel in the short form: it has no options. */
const SHORT_FORM: RegExp = /^export default (?:async )?(?:function\b|\([^()]*\) =>)/m;
/** A declared channel, whose options are written in the call. */
const DECLARED: RegExp = /^export default defineChannel\(\s*(?:(['"])[^'"]*\1,\s*)?\{/m;
const IMPORTED: RegExp = /\bimport \{[^{}]*\bdefineChannel\b[^{}]*\} from ['"]zastro:realtime['"]/;

/** Parts of channels that the files of a site may use. */
export interface UsedParts {
	readonly presence: boolean;
	readonly shortForm: boolean;
	/** Handlers of messages, of joins and of leaves. */
	readonly handlers: boolean;
	/** Kept messages. */
	readonly history: boolean;
	/** Users, from `authenticate`. */
	readonly users: boolean;
}

/**
 * The parts that the channels of a site may use. Those that no channel uses are left out of the
 * site's pages, and on Cloudflare out of its Worker.
 *
 * The files are not run: what does not show plainly that a part is unused counts as if it were used.
 */
export function usedParts({ channels, middleware }: RealtimeFiles): UsedParts {
	const parts = channels.map(({ location }) => partsOf(readFileSync(location, 'utf-8')));
	return {
		presence: parts.some(({ presence }) => presence),
		shortForm: parts.some(({ shortForm }) => shortForm),
		handlers: parts.some(({ handlers }) => handlers),
		history: parts.some(({ history }) => history),
		// A file can export the function of another one.
		users: middleware.some(({ location }) =>
			/\bauthenticate\b|\bexport\s*\*|\\u/.test(readFileSync(location, 'utf-8')),
		),
	};
}

/** The parts of one channel, apart from users. */
type ChannelParts = Omit<UsedParts, 'users'>;

function partsOf(text: string): ChannelParts {
	// One of several can stand in a comment.
	if (text.match(/\bdefault\b/g)?.length !== 1) return ALL;
	if (SHORT_FORM.test(text)) {
		return { presence: false, shortForm: true, handlers: true, history: false };
	}
	if (!DECLARED.test(text) || !IMPORTED.test(text)) return ALL;
	// Options can be spread from elsewhere, and have computed names.
	const mayHave = (option: RegExp): boolean => option.test(text) || /\.\.\.|[{,]\s*\[/.test(text);
	return {
		presence: mayHave(/presence/i),
		shortForm: false,
		handlers: mayHave(/messages|onJoin|onLeave/),
		history: mayHave(/history/),
	};
}

const ALL: ChannelParts = { presence: true, shortForm: true, handlers: true, history: true };
