import { MAX_HISTORY_SIZE } from '../../../realtime/define/api/limits.ts';
import { HEAD_LIFETIME } from '../../engine/limits.ts';
import type { Api, ApiAnswer, StreamConfig } from './api.ts';
import type { NatsServerInfo } from './client.ts';
import { NatsError } from './errors.ts';
import { FORMAT, MIN_PAYLOAD, OLDEST_NATS, REPLICAS_IN_CLUSTER } from './limits.ts';
import type { Names } from './names.ts';

const SITE = 'realtime-site';
const FORMAT_KEY = 'realtime-format';
const NANOSECONDS = 1e9;

/** The data of a site. */
export interface Data {
	/** Changes when the streams are made anew. */
	readonly life: string;
	/** Whether the streams have copies. */
	readonly hasReplicas: boolean;
}

export interface StreamsInit {
	readonly names: Names;
	readonly site: string;
	readonly prefix: string;
	readonly place: string;
	readonly replicas: number | undefined;
}

/** Errors of JetStream. */
const NOT_FOUND = 10059;
const NAME_TAKEN = 10058;
const OVERLAP = 10065;
const NO_PEERS: ReadonlySet<number> = new Set([10005, 10074]);
const NOT_ENABLED: ReadonlySet<number> = new Set([10076, 10039]);

/**
 * Checks what a server says of itself.
 *
 * @throws NatsError if the engine does not work on it.
 */
export function checkServer(info: NatsServerInfo | undefined, place: string): void {
	const { version = '', max_payload: payload = 0 } = info ?? {};
	const [major = 0, minor = 0] = version.split('.').map(Number);
	const [oldestMajor, oldestMinor] = OLDEST_NATS;
	if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
		throw new NatsError(
			'NATS_VERSION',
			`NATS at ${place} has the version ${version}.`,
			`The realtime engine needs NATS ${OLDEST_NATS.join('.')} or later. Update the server.`,
		);
	}
	if (payload < MIN_PAYLOAD) {
		throw new NatsError(
			'NATS_PAYLOAD',
			`NATS at ${place} takes messages of ${payload} bytes, and realtime messages need ${MIN_PAYLOAD}.`,
			'Raise `max_payload` in the configuration of the server. Its default is enough.',
		);
	}
}

/**
 * Finds the streams of the site, or makes them.
 *
 * @throws NatsError if they cannot be used.
 */
export async function openStreams(
	api: Api,
	info: NatsServerInfo,
	init: StreamsInit,
): Promise<Data> {
	const { names, place } = init;
	const account = await api('INFO');
	if (account === undefined || NOT_ENABLED.has(account.error?.err_code ?? 0)) {
		throw new NatsError(
			'NATS_JETSTREAM',
			`JetStream is not enabled on NATS at ${place}.`,
			'Start the server with `--jetstream`, and enable it for the account of the user.',
		);
	}
	const log = await openStream(api, info, init, names.logStream, {
		subjects: [`${names.base}log.>`],
		max_msgs_per_subject: MAX_HISTORY_SIZE,
		max_age: HEAD_LIFETIME * NANOSECONDS,
		republish: { src: `${names.base}log.c.>`, dest: `${names.base}told.c.>` },
	});
	const state = await openStream(api, info, init, names.stateStream, {
		subjects: [`${names.base}state.>`],
		max_msgs_per_subject: 1,
		republish: { src: `${names.base}state.t.>`, dest: `${names.base}told.t.>` },
	});
	return {
		life: `${log.created} ${state.created}`,
		hasReplicas: [log, state].some(({ config }) => (config?.num_replicas ?? 1) > 1),
	};
}

async function openStream(
	api: Api,
	info: NatsServerInfo,
	init: StreamsInit,
	name: string,
	own: StreamConfig,
): Promise<ApiAnswer> {
	const { site, replicas, place } = init;
	let found = await ask(api, place, `STREAM.INFO.${name}`);
	if (found.error?.err_code === NOT_FOUND) {
		found = await ask(api, place, `STREAM.CREATE.${name}`, {
			name,
			retention: 'limits',
			discard: 'old',
			storage: 'file',
			num_replicas: replicas ?? (info.cluster === undefined ? 1 : REPLICAS_IN_CLUSTER),
			// The engine has its own ways to tell a message that came twice.
			duplicate_window: NANOSECONDS,
			allow_direct: true,
			allow_msg_ttl: true,
			allow_atomic: true,
			allow_rollup_hdrs: true,
			metadata: { [SITE]: site, [FORMAT_KEY]: String(FORMAT) },
			...own,
		});
		// Another process was faster.
		if (found.error?.err_code === NAME_TAKEN) found = await ask(api, place, `STREAM.INFO.${name}`);
	}
	check(found, init, name, own);
	return found;
}

async function ask(api: Api, place: string, name: string, request?: object): Promise<ApiAnswer> {
	const answer = await api(name, request);
	if (answer !== undefined) return answer;
	throw new NatsError(
		'NATS_REFUSES',
		`JetStream on NATS at ${place} does not answer.`,
		'Look into its log. The engine tries again by itself.',
	);
}

function check(
	{ error, config }: ApiAnswer,
	{ site, prefix, place }: StreamsInit,
	name: string,
	own: StreamConfig,
): void {
	if (error !== undefined) throw refusal(error, place, name);
	const owner = config?.metadata?.[SITE];
	if (owner !== undefined && owner !== site) {
		throw new NatsError(
			'NATS_PREFIX_TAKEN',
			`The prefix \`${prefix}\` in NATS belongs to the site \`${owner}\`, and this one is \`${site}\`.`,
			'Set another `realtime.prefix` in the options of the adapter.',
		);
	}
	if (Number(config?.metadata?.[FORMAT_KEY] ?? 0) > FORMAT) {
		throw new NatsError(
			'NATS_DATA_NEWER',
			`The realtime channels below the prefix \`${prefix}\` were written by a newer version of the package.`,
			'Update the package of this site, or set another `realtime.prefix`.',
		);
	}
	const isOurs =
		owner !== undefined &&
		config?.allow_direct === true &&
		config.allow_msg_ttl === true &&
		config.allow_atomic === true &&
		config.allow_rollup_hdrs === true &&
		config.republish?.src === own.republish?.src &&
		config.republish?.dest === own.republish?.dest;
	if (isOurs) return;
	throw new NatsError(
		'NATS_STREAM',
		`The stream \`${name}\` on NATS at ${place} is not as the realtime engine makes it.`,
		'Remove it, and the engine makes it anew; or set another `realtime.prefix`.',
	);
}

function refusal(
	{ err_code: code = 0, description }: NonNullable<ApiAnswer['error']>,
	place: string,
	name: string,
): NatsError {
	if (NO_PEERS.has(code)) {
		return new NatsError(
			'NATS_REPLICAS',
			`NATS at ${place} has too few servers with JetStream for the copies of \`${name}\`: ${description}.`,
			'Start more of them, or set NATS_REPLICAS to a smaller number.',
		);
	}
	if (code === OVERLAP) {
		return new NatsError(
			'NATS_STREAM',
			`Another stream on NATS at ${place} has the subjects of \`${name}\`.`,
			'Remove the subjects `realtime.>` from it, or set another `realtime.prefix`.',
		);
	}
	return new NatsError(
		'NATS_REFUSES',
		`NATS at ${place} refuses the stream \`${name}\`: ${description}.`,
		'Look into its log. The engine tries again by itself.',
	);
}
