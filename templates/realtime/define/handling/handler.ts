import type { HandlerDeadline } from '../../channel/handler-deadline.ts';
import { MAX_KEPT_BYTES } from '../../channel/limits.ts';
import type { ClientMessage, MemberView } from '../../channel/rules.ts';
import type { Data } from '../../protocol/server-frames.ts';
import { failure, realtimeErrorOf } from '../api/errors.ts';
import type { RealtimeMessage } from '../api/file-types.ts';
import type { HandlerContext, Runtime } from '../api/runtime.ts';
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
	const { file, message, connection, events, runtime, run } = options;
	const context = new SiteCall(file, message.member, events, options);
	SiteConnection.tell(connection, context);
	events.received?.(options.received());
	let result: unknown;
	try {
		result = runtime.context.run(context, () => run(context));
		if (!isThenable(result) && context.begun === undefined) {
			return written(options, context, result);
		}
	} catch (error) {
		result = Promise.reject(error);
	}
	return finish(options, context, result);
}

async function finish(options: HandlerRun, context: SiteCall, result: unknown): Promise<Data> {
	const { deadline, events } = options;
	try {
		return await deadline.limit(async () => {
			const value = await result;
			// Most handlers need not wait here.
			if (context.begun !== undefined) await Promise.all(context.begun);
			// The next message may have its turn already.
			deadline.check();
			return written(options, context, value);
		});
	} catch (error) {
		context.end(error);
		const known = realtimeErrorOf(error);
		// The time is also over when nobody waits for the result any more.
		const isReported = deadline.isOver ? known?.code === 'TIMEOUT' : options.isReported(error);
		if (isReported) events.failed(error, options.received());
		throw known ?? failure();
	}
}

/** What the handler has returned, once it has ended. */
function written({ connection, message }: HandlerRun, context: SiteCall, result: unknown): Data {
	context.end();
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

/** A handler, or a hook of the channel, that runs. */
export class SiteCall implements HandlerContext {
	readonly file: string;
	readonly member: MemberView;
	readonly sent: HandlerContext['sent'];
	/** What it sends to its own channel, connection and user. It never rejects. */
	begun: Promise<void>[] | undefined;
	readonly #events: MessageEvents;
	readonly #run: HandlerRun | undefined;
	/** What has failed so far. Undefined once it has ended. */
	#errors: unknown[] | undefined = [];
	#thrown: unknown;

	/** @param run Undefined for a hook. */
	constructor(file: string, member: MemberView, events: MessageEvents, run?: HandlerRun) {
		this.file = file;
		this.member = member;
		this.sent = events.sent;
		this.#events = events;
		this.#run = run;
	}

	publishing(work: Promise<string | undefined>): void {
		const done = work.then(
			(position) => {
				if (position !== undefined) this.#run?.message.published(position);
			},
			(error: unknown) => this.#failed(error),
		);
		// What goes on later, such as a timer, may publish for ever.
		if (this.#errors === undefined) return;
		this.begun ??= [];
		this.begun.push(done);
	}

	/**
	 * From now on, whatever failed or fails is told.
	 *
	 * @param thrown The error that ended it, which is told already.
	 */
	end(thrown?: unknown): void {
		const errors = this.#errors ?? [];
		this.#errors = undefined;
		this.#thrown = thrown;
		for (const error of errors) this.#failed(error);
	}

	#failed(error: unknown): void {
		if (this.#errors !== undefined) this.#errors.push(error);
		else if (error !== this.#thrown) this.#events.failed(error, this.#run?.received());
	}
}
