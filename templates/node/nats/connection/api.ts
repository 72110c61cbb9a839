import { API_REPETITION } from './limits.ts';
import type { Requests } from './requests.ts';

export interface StreamConfig {
	readonly allow_direct?: boolean;
	readonly allow_msg_ttl?: boolean;
	readonly allow_atomic?: boolean;
	readonly allow_rollup_hdrs?: boolean;
	readonly num_replicas?: number;
	readonly subjects?: readonly string[];
	readonly max_msgs_per_subject?: number;
	readonly max_age?: number;
	readonly republish?: { readonly src: string; readonly dest: string };
	readonly metadata?: Readonly<Record<string, string>>;
}

/** Asks the API of JetStream. Undefined if there is no JetStream. */
export type Api = (name: string, request?: object) => Promise<ApiAnswer | undefined>;

export interface ApiAnswer {
	readonly error?: {
		readonly code: number;
		readonly err_code?: number;
		readonly description: string;
	};
	readonly config?: StreamConfig;
	readonly created?: string;
}

/**
 * The API of JetStream over a new connection. A cluster that is electing a leader leaves questions
 * without an answer, so they are repeated until there is one: each may be asked twice.
 *
 * @param after Calls back after milliseconds. The result cancels.
 */
export function apiOf(
	requests: Pick<Requests, 'ask'>,
	after: (milliseconds: number, callback: () => void) => () => void,
): Api {
	return (name, request) => {
		const subject = `$JS.API.${name}`;
		const payload = request === undefined ? '' : JSON.stringify(request);
		return new Promise((resolve, reject) => {
			let cancel = (): void => {};
			const ask = (): void => {
				cancel = after(API_REPETITION, ask);
				requests.ask({ subject, payload }).then(
					(answer) => {
						cancel();
						resolve(answer && JSON.parse(Buffer.from(answer.data).toString()));
					},
					(error: unknown) => {
						cancel();
						reject(error);
					},
				);
			};
			ask();
		});
	};
}
