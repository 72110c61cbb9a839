/** What the site's own code is told that gives something wrong. */

import { MAX_ID_LENGTH } from './limits.ts';
import { shown } from './shown.ts';

/** What is wrong. */
export type Misuse =
	| 'snapshot'
	| 'history'
	| 'upTo'
	| 'last'
	| 'since'
	| 'last and since'
	| 'id'
	| 'id of a user'
	| 'id of an ephemeral event'
	| 'except'
	| 'except of a kept event'
	| 'authenticate'
	| 'authorize'
	| 'expires'
	| 'expires in seconds';

const TEXTS: Readonly<Record<Misuse, (given: unknown) => string>> = {
	snapshot: (event) => `snapshot() needs a kept event, and \`${event}\` is ephemeral.`,
	history: () => 'snapshot() needs a channel that keeps messages. Give it `history`.',
	upTo: () => 'snapshot() needs `upTo`, a position of the channel.',
	last: (last) => `\`last\` of history() must be a number of messages, got: ${shown(last)}`,
	since: (since) => `\`since\` of history() must be a position, got: ${shown(since)}`,
	'last and since': () => 'history() takes `last` or `since`, not both.',
	id: (id) => `The \`id\` must be a string of 1 to ${MAX_ID_LENGTH} characters, got: ${shown(id)}`,
	'id of a user': (id) =>
		`The id of a user must be a string of 1 to ${MAX_ID_LENGTH} characters, got: ${shown(id)}`,
	'id of an ephemeral event': (event) => `The event \`${event}\` is ephemeral and takes no \`id\`.`,
	except: (except) =>
		`\`except\` must be the id of a connection, \`connection.id\`, got: ${shown(except)}`,
	'except of a kept event': (event) =>
		`The event \`${event}\` is kept, so that \`except\` cannot be used: all members get the same messages. Declare it \`ephemeral: true\`, or compare \`from\` in the client.`,
	authenticate: () =>
		'`authenticate` must give a user, which is an object with an `id`, nothing, or a Response.',
	authorize: () =>
		'`authorize` must give true, false, or `{ history: false }`. Write `!!` before another value.',
	expires: () => '`expires` of a user must be a number: milliseconds since 1970.',
	'expires in seconds': () =>
		'`expires` of a user is in milliseconds since 1970. Multiply seconds by 1000.',
};

/**
 * The error for a wrong value.
 *
 * @param given The value, or the event.
 */
export function misuse(what: Misuse, given?: unknown): TypeError {
	return new TypeError(TEXTS[what](given));
}
