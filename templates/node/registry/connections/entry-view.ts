import type { AstroWebSocket } from '../../../socket/types.ts';
import { coarseClock } from '../../process/coarse-clock.ts';
import type { OpenEntry } from './entry.ts';
import type {
	ConnectionData,
	ManagedConnection,
	ManagedConnectionJSON,
	Traffic,
} from './managed-connection.ts';
import { closing } from './shutdown-options.ts';

/** The public view of an entry. Created on demand, because most entries never need one. */
export class EntryView implements ManagedConnection {
	readonly #entry: OpenEntry;

	constructor(entry: OpenEntry) {
		this.#entry = entry;
	}

	get id(): string {
		return this.#entry.id;
	}

	get socket(): AstroWebSocket {
		return this.#entry.peer;
	}

	get ip(): string {
		return this.#entry.address;
	}

	get tags(): ReadonlySet<string> {
		return new Set(this.#entry.tags);
	}

	get data(): ConnectionData {
		return this.#entry.data;
	}

	get since(): Date {
		return new Date(performance.timeOrigin + this.#entry.enteredAt);
	}

	get age(): number {
		return coarseClock().update() - this.#entry.enteredAt;
	}

	get idleTime(): number {
		return coarseClock().idleSince(this.#entry.activeAt);
	}

	get messages(): Traffic {
		return this.#entry.messages;
	}

	get bytes(): Traffic {
		return this.#entry.bytes;
	}

	get roundTrip(): number | undefined {
		return this.#entry.health?.roundTrip;
	}

	get missedPings(): number {
		return this.#entry.health?.missedPings ?? 0;
	}

	close(code?: number, reason?: string): void {
		const frame = closing({
			...(code !== undefined && { closeCode: code }),
			...(reason && { closeReason: reason }),
		});
		this.#entry.close(frame.code, frame.reason);
	}

	toJSON(): ManagedConnectionJSON {
		const { socket, roundTrip } = this;
		return {
			id: this.id,
			url: socket.url,
			protocol: socket.protocol,
			ip: this.ip,
			tags: this.#entry.tags,
			since: this.since.toISOString(),
			age: this.age,
			idleTime: this.idleTime,
			bufferedAmount: socket.bufferedAmount,
			messages: this.messages,
			bytes: this.bytes,
			roundTrip: roundTrip ?? null,
			missedPings: this.missedPings,
		};
	}
}
