import type { HandlerDeadline } from '../channel/handler-deadline.ts';
import { MAX_KEPT_BYTES } from '../channel/limits.ts';
import type { ClientMessage } from '../channel/rules.ts';
import type { Data } from '../protocol/server-frames.ts';
import { before } from './deadline.ts';
import { failure, realtimeErrorOf } from './errors.ts';
import type { MessageEvents } from './hooks.ts';
import { writeData } from './json.ts';
import { SiteConnection } from './member.ts';
import type { HandlerContext, Runtime } from './runtime.ts';
import type { RealtimeMessage } from './types.ts';

export interface HandlerRun {
	readonly file: string;
	readonly message: ClientMessage;
	/** The message as hooks and handlers in the short form see it. */
	readonly received: RealtimeMessage<unknown>;
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
 * published to its own channel.
 *
 * @throws RealtimeError for the sender.
 */
export async function runHandler(options: HandlerRun): Promise<Data> {
	const { file, message, received, connection, deadline, events, runtime, run } = options;
	const { name, member } = message;
	const publishes: Promise<unknown>[] = [];
	const context: HandlerContext = {
		file,
		member,
		publishing(work) {
			const done = work.then((position) => {
				if (position !== undefined) message.published(position);
			});
			// The handler gets the error itself.
			publishes.push(done.catch(() => {}));
		},
		sent: events.sent,
	};
	events.received(received);
	try {
		return await before(deadline, `The message \`${name}\``, () =>
			runtime.context.run(context, async () => {
				const result = await run(context);
				await Promise.all(publishes);
				SiteConnection.save(connection);
				return writeData(result, {
					what: `The result of \`${name}\``,
					limit: MAX_KEPT_BYTES,
					isStrict: false,
				});
			}),
		);
	} catch (error) {
		const known = realtimeErrorOf(error);
		// The time is also over when nobody waits for the result any more.
		const isReported = deadline.isOver ? known?.code === 'TIMEOUT' : options.isReported(error);
		if (isReported) events.failed(error, received);
		throw known ?? failure();
	}
}
