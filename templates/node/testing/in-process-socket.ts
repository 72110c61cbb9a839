import { Duplex } from 'node:stream';

// Tests may replace it.
const { setImmediate: soon } = globalThis;

/** One end of a connection without a network, with what HTTP and WebSockets ask of a socket. */
export class InProcessSocket extends Duplex {
	readonly remoteAddress = '127.0.0.1';
	readonly remoteFamily = 'IPv4';
	readonly remotePort = 0;
	#other: InProcessSocket | undefined;
	/** Tells the writer that the other end reads again. */
	#resume: (() => void) | undefined;

	/** Both ends. */
	static pair(): readonly [InProcessSocket, InProcessSocket] {
		const [one, other] = [new InProcessSocket(), new InProcessSocket()];
		one.#other = other;
		other.#other = one;
		return [one, other];
	}

	setNoDelay(): this {
		return this;
	}

	setKeepAlive(): this {
		return this;
	}

	setTimeout(): this {
		return this;
	}

	ref(): this {
		return this;
	}

	unref(): this {
		return this;
	}

	/** Ends after everything was written. */
	destroySoon(): void {
		this.end(() => this.destroy());
	}

	override _read(): void {
		const resume = this.#resume;
		this.#resume = undefined;
		resume?.();
	}

	override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
		const other = this.#other;
		// The writer goes on first, as on a network: the other end would answer in the middle of it.
		soon(() => {
			if (other === undefined || other.destroyed || other.push(chunk)) callback();
			else other.#resume = callback;
		});
	}

	override _final(callback: () => void): void {
		if (this.#other?.destroyed === false) this.#other.push(null);
		callback();
	}

	override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
		const other = this.#other;
		this.#resume?.();
		// What was written before arrives first.
		soon(() => other?.destroy());
		callback(error);
	}
}
