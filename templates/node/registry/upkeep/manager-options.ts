import { type Check, duration } from '../../../options/checks.ts';
import {
	checkOption,
	invalid,
	type ResolvedWebSocketOptions,
	WEBSOCKET_DEFAULTS,
	type WebSocketOptions,
} from '../../../options/options.ts';
import type { CleanupPolicy, CleanupSettings } from './cleanup.ts';
import type { HealthSettings } from './health.ts';

/** The options shared by the adapter and the connection manager. */
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
 * Options of `getConnectionManager()`. Options with the name of an adapter's `websocket` option
 * have the same meaning, for all sites of the process. Durations are in milliseconds.
 */
export interface ConnectionManagerOptions extends Pick<WebSocketOptions, SharedName> {
	/** Selects open connections to close. Default: none. */
	customCleanupPolicy?: CleanupPolicy;
	/**
	 * Milliseconds between two calls of `customCleanupPolicy` for one connection.
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

/** The name in messages about options. */
const OF = 'getConnectionManager';

/** The configuration of a process's connections, by its sites and its manager. */
export class ManagerConfiguration {
	/** Whether connections already use this configuration. */
	isInUse = false;
	#isDev = false;
	/** The options passed to the manager. */
	#given: Partial<Configured> = {};
	/** The options of the site configured last. */
	#adapter: ResolvedWebSocketOptions = WEBSOCKET_DEFAULTS;
	/** The effective options by the options of each site. */
	#effective: WeakMap<object, object> = new WeakMap();

	/** The settings of health monitoring, if enabled. */
	get health(): HealthSettings | undefined {
		const { enableHealthMonitoring, healthCheckInterval, maxMissedPings } = this.values;
		if (!enableHealthMonitoring) return undefined;
		return { interval: healthCheckInterval, maxMissedPings };
	}

	/** The settings of the clean-up, if enabled. */
	get cleanup(): CleanupSettings | undefined {
		const { customCleanupPolicy, cleanupInterval } = this.values;
		return customCleanupPolicy && { policy: customCleanupPolicy, interval: cleanupInterval };
	}

	get values(): Configured {
		return { ...OWN_DEFAULTS, ...this.#adapter, ...this.#given };
	}

	/** @param isDev Whether the options belong to a dev server, where files change while it runs. */
	adopt(adapter: ResolvedWebSocketOptions, isDev: boolean): void {
		// The hooks file is loaded again, and may pass other options.
		if (isDev) this.#given = {};
		for (const name of SHARED) refuseContradiction(name, this.#given[name], adapter);
		this.#adapter = adapter;
		this.#isDev = isDev;
		this.#effective = new WeakMap();
	}

	/** @returns Whether any value has changed. */
	configure(options: ConnectionManagerOptions): boolean {
		const values = checked(options);
		let hasChanged = false;
		for (const [name, value] of Object.entries(values) as [Name, unknown][]) {
			if (isShared(name)) refuseContradiction(name, value, this.#adapter);
			const before = this.#given[name] ?? this.values[name];
			if (before === value) continue;
			if (!this.#isDev && this.#given[name] !== undefined) {
				throw new Error(
					`The connection manager is already configured with another \`${name}\`: ${text(before)}, not ${text(value)}`,
				);
			}
			hasChanged = true;
		}
		this.#given = { ...this.#given, ...values };
		if (hasChanged) this.#effective = new WeakMap();
		return hasChanged;
	}

	/** The options of a site, overridden by those of the manager. */
	effective<Options extends object>(options: Options): Options {
		let effective = this.#effective.get(options);
		if (effective === undefined) {
			effective = Object.keys(this.#given).length === 0 ? options : { ...options, ...this.#given };
			this.#effective.set(options, effective);
		}
		// Only values with the same name and type have been replaced.
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

/**
 * Rejects different values of the adapter and the manager. A default of the adapter does not count.
 */
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
