import type { UsedParts } from '../../realtime/configure/used-parts.ts';

/** The parts that are added: the module of each below the package, and what it exports. */
export const ADDED = {
	presence: ['realtime/presence', 'checkPresence'],
	shortForm: ['realtime/short-form', 'shortDefinition'],
} as const;

/** The module that stands for the modules of the parts that are left out. */
export const ABSENT = 'cloudflare/realtime/absent';

/** The parts that are left out. `explanations` are for `astro dev` alone. */
export type LeftOut = Exclude<keyof UsedParts, 'shortForm'> | 'explanations';

/** Their modules, in the folder of those of this package. */
export const MODULES: Readonly<Record<LeftOut, readonly string[]>> = {
	handlers: [
		'cloudflare/engine/sql-claims',
		'realtime/channel/messages/messages',
		'realtime/channel/messages/rates',
		'realtime/define/handlers',
		'realtime/define/data/loss',
	],
	history: ['cloudflare/engine/sql-past'],
	presence: [
		'cloudflare/engine/sql-presence',
		'cloudflare/realtime/instance/life-check',
		'realtime/server/presence-updates',
	],
	users: [
		'cloudflare/engine/sql-users',
		'cloudflare/realtime/instance/relay-users',
		'realtime/define/handling/user',
		'realtime/server/expiry',
		'realtime/user/users',
	],
	explanations: [
		'realtime/define/reading/checker',
		'realtime/define/handling/declared-options',
		'realtime/define/handling/refusal-log',
		'realtime/define/reading/file-checks',
		'realtime/define/api/misuse',
		'realtime/define/api/unwaited',
		'realtime/define/reading/strict-params',
		'realtime/define/reading/suggestion',
		'realtime/server/unknown-channel',
	],
};
