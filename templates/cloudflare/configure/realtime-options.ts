import { invalidOption, realtimeOption } from '../../realtime/configure/adapter-options.ts';

/** The adapter's `realtime` option. */
export interface RealtimeOptions {
	/**
	 * Seconds between two looks for members of `presence` whose connection died without a close: 15 to
	 * 86400. Each look is a billed request and a written row. 0: none, such members stay until the
	 * network tells.
	 *
	 * @default {60}
	 */
	presenceCheck?: number;
}

/** {@link RealtimeOptions} with defaults, as the Worker reads them. */
export interface ResolvedRealtimeOptions {
	/** Milliseconds. 0 for none. */
	readonly presenceCheck: number;
}

const NAMES: readonly (keyof RealtimeOptions)[] = ['presenceCheck'];
/** The seconds in which clients answer whether they are there. */
const SHORTEST_CHECK = 15;
const LONGEST_CHECK = 86_400;

/**
 * Checks the `realtime` option of the configuration.
 *
 * @param adapterOptions The options of the adapter.
 * @throws TypeError with the name, the expected value and the actual value of the invalid option.
 */
export function resolveRealtimeOptions(adapterOptions: object): ResolvedRealtimeOptions {
	const { presenceCheck = 60 } = realtimeOption(adapterOptions, NAMES);
	if (!isCheck(presenceCheck)) {
		const range = `a whole number of seconds from ${SHORTEST_CHECK} to ${LONGEST_CHECK}, or 0`;
		throw invalidOption('realtime.presenceCheck', range, presenceCheck);
	}
	return { presenceCheck: presenceCheck * 1000 };
}

function isCheck(value: unknown): value is number {
	if (typeof value !== 'number' || !Number.isInteger(value)) return false;
	return value === 0 || (value >= SHORTEST_CHECK && value <= LONGEST_CHECK);
}
