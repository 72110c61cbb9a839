import { type Check, duration } from '../../options/checks.ts';
import {
	checkOption,
	invalid,
	type ResolvedWebSocketOptions,
	WEBSOCKET_DEFAULTS,
	type WebSocketOptions,
} from '../../options/options.ts';
import type { CleanupPolicy, CleanupSettings } from './cleanup.ts';
import type { HealthSettings } from './health.ts';

/** The options of the adapter that can also be given to the connection manager. */
const SHARED = [
	'maxConnections',
	'maxConnectionsPerIP',
	'idleTimeout',
	'rateLimitWindow',
	'rateLimitMaxConnections',
	'enableHealthMonitoring',
	'healthCheckInterval',
	'maxMissedPings',
] as const;

type SharedName = (typeof SHARED)[number];
type Limits = Pick<ResolvedWebSocketOptions, SharedName>;

/**
 * Options of `getConnectionManager()`. Those that the adapter's `websocket` option also has mean the
 * same here, for all sites of the process. Durations are in milliseconds.
 */
export interface ConnectionManagerOptions extends Pick<WebSocketOptions, SharedName> {
	/** Decides which open connections to close. Default: none. */
	customCleanupPolicy?: CleanupPolicy;
	/**
	 * Milliseconds between two questions to `customCleanupPolicy` about one connection.
	 *
	 * @default {60000} 1 minute
	 */
	cleanupInterval?: number;
}

interface OwnOptions {
	readonly customCleanupPolicy: CleanupPolicy | undefined;
	readonly cleanupInterval: number;
}

type Configured = Limits & OwnOptions;
type Name = keyof ConnectionManagerOptions;

const OWN_DEFAULTS: OwnOptions = { customCleanupPolicy: undefined, cleanupInterval: 60_000 };

const policy: Check<CleanupPolicy> = (value, fail) =>
	typeof value === 'function' ? (value as CleanupPolicy) : fail('a function');

const OWN_CHECKS = { customCleanupPolicy: policy, cleanupInterval: duration(1) };

/** What messages call the options. */
const OF = 'getConnectionManager';

/** What the connections of a process are configured with, by its sites and by its manager. */
export class ManagerConfiguration {
	/** Whether there are connections that live by it already. */
	isInUse = false;
	#isDev = false;
	/** What was given to the manager. */
	#given: Partial<Configured> = {};
	/** The options of the site that was configured last. */
	#adapter: ResolvedWebSocketOptions = WEBSOCKET_DEFAULTS;
	/** What has become of the options of each site. */
	#effective: WeakMap<object, object> = new WeakMap();

	/** How the health of connections is watched, if it is. */
	get health(): HealthSettings | undefined {
		const { enableHealthMonitoring, healthCheckInterval, maxMissedPings } = this.values;
		if (!enableHealthMonitoring) return undefined;
		return { interval: healthCheckInterval, maxMissedPings };
	}

	/** How connections are cleaned up, if they are. */
	get cleanup(): CleanupSettings | undefined {
		const { customCleanupPolicy, cleanupInterval } = this.values;
		return customCleanupPolicy && { policy: customCleanupPolicy, interval: cleanupInterval };
	}

	get values(): Configured {
		return { ...OWN_DEFAULTS, ...this.#adapter, ...this.#given };
	}

	/** @param isDev Whether it is a dev server's, in which files are changed as it runs. */
	adopt(adapter: ResolvedWebSocketOptions, isDev: boolean): void {
		// The file that configures the manager is loaded again, and may say something else.
		if (isDev) this.#given = {};
		for (const name of SHARED) refuseContradiction(name, this.#given[name], adapter);
		this.#adapter = adapter;
		this.#isDev = isDev;
		this.#effective = new WeakMap();
	}

	/** @returns Whether anything has changed. */
	configure(options: ConnectionManagerOptions): boolean {
		const values = checked(options);
		let hasChanged = false;
		for (const [name, value] of Object.entries(values) as [Name, unknown][]) {
			if (isShared(name)) refuseContradiction(name, value, this.#adapter);
			const before = this.#given[name] ?? this.values[name];
			if (before === value) continue;
			if (!this.#isDev && this.#given[name] !== undefined) {
				throw new Error(
					`The connection manager is configured already, with another \`${name}\`: ${text(before)}, not ${text(value)}`,
				);
			}
			hasChanged = true;
		}
		this.#given = { ...this.#given, ...values };
		if (hasChanged) this.#effective = new WeakMap();
		return hasChanged;
	}

	/** The options of a site with what the manager was given in place of its own. */
	effective<Options extends object>(options: Options): Options {
		let effective = this.#effective.get(options);
		if (effective === undefined) {
			effective = Object.keys(this.#given).length === 0 ? options : { ...options, ...this.#given };
			this.#effective.set(options, effective);
		}
		// Only values of the same names and types have been replaced.
		return effective as Options;
	}
}

function checked(options: ConnectionManagerOptions): Partial<Configured> {
	const values: Record<string, unknown> = {};
	for (const [name, value] of Object.entries(options) as [string, unknown][]) {
		if (value === undefined) continue;
		if (isShared(name)) values[name] = checkOption(name, value, OF);
		else if (isOwn(name)) {
			values[name] = OWN_CHECKS[name](value, (expected) => {
				throw invalid(`${OF}.${name}`, expected, value);
			});
		} else {
			const known = [...SHARED, ...Object.keys(OWN_CHECKS)].join('`, `');
			throw new TypeError(`\`${OF}.${name}\` is not an option. The options are: \`${known}\``);
		}
	}
	return values;
}

function isShared(name: string): name is SharedName {
	return (SHARED as readonly string[]).includes(name);
}

function isOwn(name: string): name is keyof OwnOptions {
	return Object.hasOwn(OWN_CHECKS, name);
}

/** What both name has to be the same. The adapter's defaults are what nobody named. */
function refuseContradiction(
	name: SharedName,
	value: unknown,
	adapter: ResolvedWebSocketOptions,
): void {
	const own = adapter[name];
	if (value === undefined || own === value || own === WEBSOCKET_DEFAULTS[name]) return;
	throw new Error(
		`\`${OF}\` and the adapter's \`websocket\` option contradict each other in \`${name}\`: ${text(value)} and ${text(own)}`,
	);
}

function text(value: unknown): string {
	return typeof value === 'function' ? 'a function' : String(value);
}
