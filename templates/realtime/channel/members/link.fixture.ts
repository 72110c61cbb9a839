import type { Frame } from '../../protocol/server-frames.ts';
import type { Link, Session } from '../ports.ts';
import type { Position } from '../position.ts';

/** A client's connection that keeps what it got. */
export class FakeLink implements Link {
	readonly session: Session;
	readonly frames: unknown[][] = [];
	#ready: Promise<void> | undefined;
	#unblock: () => void = () => {};

	constructor(session: Session) {
		this.session = session;
	}

	send({ content }: Frame): void {
		if (typeof content !== 'string') throw new Error('a binary frame was sent');
		this.frames.push(JSON.parse(content));
	}

	ready(): Promise<void> | undefined {
		return this.#ready;
	}

	/** Lets no more history through until `unblock()`. */
	block(): void {
		this.#ready = new Promise((resolve) => {
			this.#unblock = resolve;
		});
	}

	unblock(): void {
		this.#unblock();
		this.#ready = undefined;
	}

	/** The frames of a type, without it. */
	of(type: string): unknown[][] {
		return this.frames.filter(([one]) => one === type).map(([, ...parts]) => parts);
	}

	/** The data of kept messages, and the gaps and snapshots among them. */
	get story(): unknown[] {
		return this.frames.flatMap(([type, ...parts]) => {
			if (type === 'event') return [parts[7]];
			if (type === 'gap') return [`gap: ${parts[1]}`];
			return type === 'snapshot' ? [`snapshot: ${parts[6]}`] : [];
		});
	}

	/** The position of the newest kept message, or of the join. */
	get position(): Position | undefined {
		let position: Position | undefined;
		for (const [type, ...parts] of this.frames) {
			if (type === 'joined') position = (parts[2] as { position: Position }).position;
			if (type === 'event' || type === 'snapshot') position = parts[1] as Position;
			if (type === 'gap') position = parts[2] as Position;
		}
		return position;
	}
}
