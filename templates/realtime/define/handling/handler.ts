import type { HandlerDeadline } from '../../channel/handler-deadline.ts';
import { MAX_KEPT_BYTES } from '../../channel/limits.ts';
import type { ClientMessage, MemberView } from '../../channel/rules.ts';
import type { Data } from '../../protocol/server-frames.ts';
import { failure, realtimeErrorOf } from '../api/errors.ts';
import type { HandlerContext, Runtime } from '../api/runtime.ts';
import type { RealtimeMessage } from '../api/types.ts';
import { writeData } from '../data/json.ts';
import type { MessageEvents } from './hooks.ts';
import { SiteConnection } from './member.ts';

export interface HandlerRun {
	readonly file: string;
	readonly message: ClientMessage;
	/** The message as hooks and handlers in the short form see it. Called for each use. */
	received(): RealtimeMessage<unknown>;
	readonly connection: SiteConnection;
	readonly deadline: HandlerDeadline;
	readonly events: MessageEvents;
	readonly runtime: Pick<Runtime, 'context'>;
	/** Whether `onError` is told of an error that the handler threw. It is told of timeouts. */
	isReported(error: unknown): boolean;
	/** Parses the data and calls the site's handler. */
	run(context: HandlerContext): unknown;
}

/**
 * Runs a handler in its context, until it has returned and everything is published that it
 * published to its own channel. Gives a promise only if that takes time: promises would cost more
 * than most handlers. It rejects with a RealtimeError for the sender.
 */
export function runHandler(options: HandlerRun): Data | Promise<Data> {
	const { events, runtime, run } = options;
	const context = new RunningHandler(options);
	events.received?.(options.received());
	let result: unknown;
	try {
		result = runtime.context.run(context, () => run(context));
		if (!isThenable(result) && context.publishes === undefined) return written(options, result);
	} catch (error) {
		result = Promise.reject(error);
	}
	return finish(options, context, result);
}

async function finish(
	options: HandlerRun,
	context: RunningHandler,
	result: unknown,
): Promise<Data> {
	const { deadline, events } = options;
	try {
		return await deadline.limit(async () => {
			const value = await result;
			// Nobody may have waited for one that failed. Most handlers need not wait here.
			const errors = context.publishes && (await Promise.all(context.publishes));
			for (const error of errors ?? []) {
				if (error !== undefined) events.failed(error, options.received());
			}
			return written(options, value);
		});
	} catch (error) {
		const known = realtimeErrorOf(error);
		// The time is also over when nobody waits for the result any more.
		const isReported = deadline.isOver ? known?.code === 'TIMEOUT' : options.isReported(error);
		if (isReported) events.failed(error, options.received());
		throw known ?? failure();
	}
}

/** What the handler has returned, once it has ended. */
function written({ connection, message }: HandlerRun, result: unknown): Data {
	SiteConnection.save(connection);
	return writeData(result, {
		what: `The result of \`${message.name}\``,
		limit: MAX_KEPT_BYTES,
		isStrict: false,
	});
}

function isThenable(value: unknown): boolean {
	return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
}

class RunningHandler implements HandlerContext {
	readonly file: string;
	readonly member: MemberView;
	readonly sent: HandlerContext['sent'];
	/** What it published to its own channel. Those that fail resolve with the error. */
	publishes: Promise<unknown>[] | undefined;
	readonly #message: ClientMessage;

	constructor({ file, message, events }: HandlerRun) {
		this.file = file;
		this.member = message.member;
		this.sent = events.sent;
		this.#message = message;
	}

	publishing(work: Promise<string | undefined>): void {
		const done = work.then(
			(position) => {
				if (position !== undefined) this.#message.published(position);
			},
			(error: unknown) => error,
		);
		this.publishes ??= [];
		this.publishes.push(done);
	}
}
