import { MAX_MEMBER_DATA_BYTES, MAX_PRESENCE_BYTES } from '../../channel/limits.ts';
import { Presence } from '../../channel/members/presence.ts';
import type { MemberView, PresenceRules } from '../../channel/rules.ts';
import { RealtimeError } from '../../protocol/errors.ts';
import { answerTo, PublishError } from '../api/errors.ts';
import type { Runtime } from '../api/runtime.ts';
import { isSchema, parse, type Schema, schemaHint } from '../api/schema.ts';
import { writeJson } from '../data/json.ts';
import type { AnyFunction, Checker } from '../reading/checker.ts';
import { within } from './deadline.ts';

/** What presence needs of the definition of its channel. */
export interface PresenceTools {
	readonly runtime: Runtime;
	/** Milliseconds for the site's code. */
	readonly timeout: number;
	/** The parameters, as the site's code gets them. */
	paramsOf(params: MemberView['params']): MemberView['params'];
	/** Tells of an error of the site. */
	failed(error: unknown): void;
}

/** The option `presence`, checked: makes its rules. */
export type PresenceOptions = (tools: PresenceTools) => PresenceRules;

export type CheckPresence = typeof checkPresence;

/** Checks the option `presence`. Problems are added to the checker. */
export function checkPresence(value: unknown, checker: Checker): PresenceOptions | undefined {
	const presence = checker.members(value, '`presence`', 'Give an object with a `schema`.');
	if (presence === undefined) return undefined;
	checker.only(presence, ['schema', 'of', 'server'], '`presence`');
	const { schema, of, server } = presence;
	if (schema === undefined && of === undefined && server === undefined) {
		checker.add('`presence` is empty.', "Write `presence: { of: 'user' }`, or give a `schema`.");
	}
	if (schema !== undefined && !isSchema(schema)) {
		checker.add('The `schema` of `presence` is not a schema.', schemaHint(schema));
	}
	if (of !== undefined && of !== 'user' && of !== 'connection') {
		checker.add(
			"`of` of `presence` is neither 'user' nor 'connection'.",
			"Leave it out for 'user'.",
		);
	}
	const settings: PresenceSettings = {
		schema: isSchema(schema) ? schema : undefined,
		of: of === 'connection' ? of : 'user',
		server: checker.optionalFunction(server, '`server` of `presence`'),
	};
	return (tools) => presenceRules(settings, tools);
}

interface PresenceSettings {
	readonly schema: Schema | undefined;
	readonly of: 'user' | 'connection';
	readonly server: AnyFunction | undefined;
}

function presenceRules(
	{ schema, of, server }: PresenceSettings,
	{ runtime, timeout, paramsOf, failed }: PresenceTools,
): PresenceRules {
	const what = 'The presence data';
	const write = (value: unknown, limit: number): string | undefined =>
		writeJson(value, { what, limit, isStrict: runtime.isDevelopment });
	const written = async (data: unknown, member: MemberView): Promise<string | undefined> => {
		const own = schema === undefined ? {} : await parse(schema, data, what);
		const text = write(own, MAX_PRESENCE_BYTES);
		if (server === undefined) return text;
		const added = await server({ user: member.user, params: paramsOf(member.params) });
		try {
			return write({ ...asObject(own), ...asObject(added) }, MAX_MEMBER_DATA_BYTES);
		} catch (error) {
			// The client has kept its own limit.
			throw error instanceof RealtimeError ? PublishError.of(error) : error;
		}
	};
	return {
		of,
		parse: async (data, member) => {
			try {
				const text = await within(runtime, timeout, what, () => written(data, member));
				return text === undefined ? null : JSON.parse(text);
			} catch (error) {
				throw answerTo(error, failed);
			}
		},
		follow: (init) => new Presence(init),
	};
}

function asObject(value: unknown): object {
	return typeof value === 'object' && value !== null ? value : {};
}
