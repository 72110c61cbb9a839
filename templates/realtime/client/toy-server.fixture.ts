import type { ClientFrame } from '../protocol/client-frames.ts';
import * as write from '../protocol/server-frames.ts';
import { type FakeSocket, joined, SESSION } from './client.fixture.ts';

interface Entry {
	readonly position: string;
	readonly previous: string;
	readonly number: number;
}

/**
 * A server with one channel, that does what protocol.md says of joins, messages and gaps. Frames
 * that it is slow to send wait in `outbox` until `flush()`.
 */
export class ToyServer {
	readonly log: Entry[] = [];
	/** The number of messages that are no longer kept. */
	trimmed = 0;
	readonly #socket: Map<FakeSocket, { ref: number; outbox: write.Frame[] }> = new Map();
	readonly #channel = 7;

	accept(socket: FakeSocket): void {
		const connection = { ref: 0, outbox: [] as write.Frame[] };
		this.#socket.set(socket, connection);
		socket.onFrame = (frame) => this.#receive(connection, frame);
		socket.accept();
	}

	/** Delivers some of what waits. */
	flush(socket: FakeSocket, count: number = Number.POSITIVE_INFINITY): void {
		const outbox = this.#socket.get(socket)?.outbox ?? [];
		for (const frame of outbox.splice(0, count)) socket.deliver(frame);
	}

	/** Everything that waits is lost with the connection. */
	drop(socket: FakeSocket, code = 1006): void {
		this.#socket.delete(socket);
		socket.end(code);
	}

	publish(): void {
		const entry = {
			number: this.log.length,
			position: at(this.log.length + 1),
			previous: at(this.log.length),
		};
		this.log.push(entry);
		for (const { ref, outbox } of this.#socket.values()) {
			if (ref !== 0) outbox.push(this.#event(entry));
		}
	}

	get head(): string {
		return at(this.log.length);
	}

	#receive(connection: { ref: number; outbox: write.Frame[] }, frame: ClientFrame): void {
		const { outbox } = connection;
		if (frame.type === 'hello') {
			const isResumed = frame.session !== undefined;
			outbox.push(write.welcomeFrame({ session: SESSION, isResumed, version: '' }));
		} else if (frame.type === 'leave') {
			connection.ref = 0;
			outbox.push(write.leftFrame(frame.ref, null));
		} else if (frame.type === 'join') {
			connection.ref = frame.ref;
			const { since, last } = frame;
			let start = this.log.length;
			let isGap = false;
			if (last !== undefined) start = Math.max(this.trimmed, start - last);
			if (since !== undefined) {
				const found = [...this.log, undefined].findIndex((_, index) => at(index) === since);
				isGap = found < this.trimmed;
				start = isGap ? this.trimmed : found;
			}
			outbox.push(joined(frame.ref, this.#channel, { position: at(start) }));
			if (isGap) outbox.push(write.gapFrame(this.#channel, 'trimmed', at(start)));
			outbox.push(...this.log.slice(start).map((entry) => this.#event(entry)));
		}
	}

	#event({ position, previous, number }: Entry): write.Frame {
		return write.eventFrame(this.#channel, {
			position,
			previous,
			at: number,
			from: undefined,
			id: undefined,
			name: 'said',
			data: String(number),
		});
	}
}

/** The position after a number of messages. */
export function at(count: number): string {
	return `e.${count}.t${count % 7}`;
}
