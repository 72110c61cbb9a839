import { invalidOption, realtimeOption } from '../../realtime/configure/adapter-options.ts';
import { nearest } from '../../realtime/define/reading/suggestion.ts';

/** The engines of realtime channels. */
const ENGINES = ['memory', 'redis', 'nats'] as const;

export type RealtimeEngine = (typeof ENGINES)[number];

/** The adapter's `realtime` option. */
export interface RealtimeOptions {
	/**
	 * What keeps realtime channels: the memory of one process, or for several processes Redis (also
	 * Valkey) or NATS. The address is in the variable REDIS_URL or NATS_URL when the server starts.
	 *
	 * @default {'memory'}
	 */
	engine?: RealtimeEngine;
	/**
	 * The beginning of the names of everything that the site keeps there: 1 to 64 letters, digits,
	 * `.`, `:`, `_` and `-`. Sites and environments that share a server need different ones.
	 *
	 * @default The name in `package.json`, in `astro dev` with `-dev`.
	 */
	prefix?: string;
}

/** {@link RealtimeOptions} with the default of the engine. */
export interface ResolvedRealtimeOptions {
	readonly engine: RealtimeEngine;
	/** Undefined for the default. */
	readonly prefix: string | undefined;
}

const NAMES: readonly (keyof RealtimeOptions)[] = ['engine', 'prefix'];
const PREFIX = /^[\w.:-]{1,64}$/;

/**
 * Checks the `realtime` option of the configuration.
 *
 * @param adapterOptions The options of the adapter.
 * @throws TypeError with the name, the expected value and the actual value of the invalid option.
 */
export function resolveRealtimeOptions(adapterOptions: object): ResolvedRealtimeOptions {
	const { engine = 'memory', prefix } = realtimeOption(adapterOptions, NAMES);
	if (!isEngine(engine)) {
		const names = ENGINES.map((known) => JSON.stringify(known)).join(', ');
		const near = typeof engine === 'string' ? nearest(engine, ENGINES) : undefined;
		const help = near === undefined ? '' : `. Did you mean \`${near}\`?`;
		throw invalidOption('realtime.engine', `one of ${names}`, engine, help);
	}
	if (prefix === undefined) return { engine, prefix };
	if (typeof prefix !== 'string' || !PREFIX.test(prefix)) {
		throw invalidOption(
			'realtime.prefix',
			'1 to 64 letters, digits, `.`, `:`, `_` and `-`',
			prefix,
		);
	}
	return { engine, prefix };
}

function isEngine(value: unknown): value is RealtimeEngine {
	return ENGINES.some((engine) => engine === value);
}
