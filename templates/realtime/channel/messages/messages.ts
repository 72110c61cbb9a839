import {
	type ErrorData,
	errorData,
	isRealtimeError,
	RealtimeError,
} from '../../protocol/errors.ts';
import { type Data, errorFrame, replyFrame } from '../../protocol/server-frames.ts';
import { HandlerDeadline } from '../handler-deadline.ts';
import { MAX_WAITING, QUICK_TURNS } from '../limits.ts';
import type { Claim, Link, Ports } from '../ports.ts';
import type { Position } from '../position.ts';
import { tooMany, UNAVAILABLE } from '../refusals.ts';
import type { ChannelRules, ClientMessage, MemberView } from '../rules.ts';
import { type Result, readOutcome, writeOutcome } from './outcome.ts';
import { Turns } from './turns.ts';

export interface SentMessage {
	/** Undefined for an ephemeral message. */
	readonly id: number | undefined;
	readonly name: string;
	readonly data: unknown;
}

/** The member whose messages are handled. */
export interface Sender extends MemberView {
	readonly link: Link;
	/** The number of the join in frames. */
	readonly ref: number;
	readonly hasEnded: boolean;
	/** Milliseconds until the rate of the user allows a message, 0 if it does now. It is counted. */
	takeRate(): number;
	/** Resolves when the member has an entry, or has left. */
	reached(position: Position): Promise<void>;
}

/** The channel that messages are sent to. */
export interface SenderChannel {
	readonly ports: Ports;
	/** Read for each message. */
	readonly rules: ChannelRules;
}

/** Handles the messages of a member in turn, and answers them through its link. */
export class MemberMessages {
	readonly #sender: Sender;
	readonly #channel: SenderChannel;
	readonly #turns = new Turns(MAX_WAITING);

	constructor(sender: Sender, channel: SenderChannel) {
		this.#sender = sender;
		this.#channel = channel;
	}

	/** Takes a message of a member that has joined. */
	take(message: SentMessage): void {
		const { id } = message;
		const wait = this.#sender.takeRate();
		if (wait > 0) {
			this.refuse(message, tooMany('Too many messages.', wait));
			return;
		}
		const run = id === undefined ? () => this.#cast(message) : () => this.#handle(message, id);
		const hasRoom = this.#turns.take(run, id === undefined ? message.name : undefined);
		if (!hasRoom) this.refuse(message, tooMany('Too many messages wait for their turn.', 1000));
	}

	/** Runs a hook of the site after the messages before it, and before those that follow. */
	hook(run: () => Promise<void> | undefined): void {
		this.#turns.take(run, undefined, true);
	}

	/** Answers with an error, unless the message is ephemeral. */
	refuse({ id }: SentMessage, error: ErrorData): void {
		if (id !== undefined) this.#answer(id, { error });
	}

	/** Handles an ephemeral message. The definition reports its errors. */
	#cast(message: SentMessage): Promise<unknown> | undefined {
		if (this.#sender.hasEnded) return undefined;
		const result = this.#run(new Handled(message, this.#sender, this.#channel.ports));
		return isPromise(result) ? result : undefined;
	}

	/** Handles a message once, and answers. Gives a promise if that takes time. */
	#handle(message: SentMessage, id: number): Promise<void> | undefined {
		// Its client sends it again when it resumes the session.
		if (this.#sender.hasEnded) return undefined;
		const isIdempotent = this.#channel.rules.idempotent.includes(message.name);
		let claim: Claim | Promise<Claim>;
		try {
			claim = this.#channel.ports.roster.claim(this.#secret, id, isIdempotent);
		} catch (error) {
			claim = Promise.reject(error);
		}
		return isPromise(claim) || claim.state !== 'claimed'
			? this.#decide(message, id, isIdempotent, claim)
			: this.#once(message, id);
	}

	/** Handles a message if nobody has. */
	async #decide(
		message: SentMessage,
		id: number,
		isIdempotent: boolean,
		answer: Claim | Promise<Claim>,
	): Promise<void> {
		try {
			const claim = await answer;
			if (claim.state !== 'claimed') {
				const outcome = await claim.outcome;
				if (outcome !== undefined || !isIdempotent) {
					await this.#repeat(id, outcome);
					return;
				}
				// It took a while to know.
				if (this.#sender.hasEnded) return;
			}
		} catch (error) {
			this.#answer(id, { error: isRealtimeError(error) ? errorData(error) : UNAVAILABLE });
			return;
		}
		await this.#once(message, id);
	}

	#once(message: SentMessage, id: number): Promise<void> | undefined {
		const handled = new Handled(message, this.#sender, this.#channel.ports);
		// What the handler publishes goes to the sender together with the answer.
		this.#sender.link.hold?.();
		const result = this.#run(handled, id);
		return isPromise(result)
			? result.then((late) => this.#conclude(id, late, handled.position))
			: this.#conclude(id, result, handled.position);
	}

	/** Keeps the result, and answers with it. */
	#conclude(id: number, result: Result, position: Position | undefined): Promise<void> | undefined {
		let kept: void | Promise<void>;
		try {
			kept = this.#channel.ports.roster.settle(this.#secret, id, writeOutcome(result, position));
		} catch (error) {
			kept = Promise.reject(error);
		}
		if (isPromise(kept) || position !== undefined) {
			return this.#answerAfter(kept, id, result, position);
		}
		this.#answer(id, result);
		this.#sender.link.release?.();
		return undefined;
	}

	async #answerAfter(
		kept: void | Promise<void>,
		id: number,
		result: Result,
		position: Position | undefined,
	): Promise<void> {
		try {
			if (isPromise(kept)) {
				this.#sender.link.release?.();
				await kept;
			}
		} catch (error) {
			const { host } = this.#channel.ports;
			host.report('A realtime channel cannot keep the result of a message', error);
		}
		if (position !== undefined) await this.#sender.reached(position);
		this.#answer(id, result);
		this.#sender.link.release?.();
	}

	/** Runs the handler within its time. @param id Of the claimed message. */
	#run(handled: Handled, id?: number): Result | Promise<Result> {
		const deadline = new HandlerDeadline();
		const data = this.#channel.rules.handle(handled, deadline);
		// Most handlers return at once, and a timer would cost more than that.
		return isPromise(data) ? this.#within(deadline, handled, id, data) : { data };
	}

	async #within(
		deadline: HandlerDeadline,
		handled: Handled,
		id: number | undefined,
		data: Promise<Data>,
	): Promise<Result> {
		const work = resultOf(data);
		let result: Result | undefined;
		void work.then((done) => {
			result = done;
		});
		// Many wait for nothing but promises of this process: they need no timer either.
		for (let turn = 0; turn < QUICK_TURNS; turn++) {
			await undefined;
			if (result !== undefined) return result;
		}
		this.#sender.link.release?.();
		const { ports, rules } = this.#channel;
		if (id !== undefined) this.#outlastsTurn(id);
		const cancel = ports.host.alarm(rules.timeout, () => {
			// Made here alone: an error costs as much as a handler, because of its stack.
			deadline.end(
				new RealtimeError({
					code: 'TIMEOUT',
					message: `The handler of \`${handled.name}\` did not end within ${rules.timeout / 1000} s.`,
				}),
			);
		});
		result = await work;
		cancel();
		return result;
	}

	#outlastsTurn(id: number): void {
		try {
			this.#channel.ports.roster.outlastsTurn?.(this.#secret, id);
		} catch {
			// The result cannot be kept either, which is reported.
		}
	}

	/** Answers with a kept outcome. */
	async #repeat(id: number, kept: string | undefined): Promise<void> {
		const { result, published } = readOutcome(kept);
		if (published !== '') await this.#sender.reached(published);
		this.#answer(id, result);
	}

	get #secret(): string {
		return this.#sender.link.session.secret;
	}

	#answer(id: number, result: Result): void {
		const { link, ref } = this.#sender;
		link.send(
			'error' in result ? errorFrame(ref, id, result.error) : replyFrame(ref, id, result.data),
		);
	}
}

/** A message in its handler. */
class Handled implements ClientMessage {
	readonly name: string;
	readonly data: unknown;
	readonly member: MemberView;
	/** The last position that the handler published to its channel. */
	position: Position | undefined;
	readonly #ports: Ports;
	#requestId: string | undefined;

	constructor({ name, data }: SentMessage, member: MemberView, ports: Ports) {
		this.name = name;
		this.data = data;
		this.member = member;
		this.#ports = ports;
	}

	get requestId(): string {
		this.#requestId ??= this.#ports.host.random(16);
		return this.#requestId;
	}

	published(position: Position): void {
		this.position = position;
	}
}

/** An engine in the same process answers at once, and a promise would cost more than the answer. */
function isPromise<Value>(value: Value | Promise<Value>): value is Promise<Value> {
	return value instanceof Promise;
}

/** Never rejects. */
async function resultOf(data: Promise<Data>): Promise<Result> {
	try {
		return { data: await data };
	} catch (error) {
		return { error: errorData(error) };
	}
}
