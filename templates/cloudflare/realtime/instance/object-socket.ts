import type { MuxSocket } from '../../../realtime/server/credited-link.ts';
import type { PlainSocket } from '../../../realtime/server/plain-connection.ts';
import type { MuxRecord, PlainRecord } from '../../../realtime/server/record.ts';
import type { ReadyState } from '../../../socket/ready-state.ts';
import type { ObjectSocket } from '../base/platform.ts';
import { type Attachment, writeAttachment } from './attachment.ts';

/** The socket of a connection with the protocol. */
export function muxSocket(socket: ObjectSocket): MuxSocket {
	return new KeptSocket<MuxRecord>(socket, (record) => ({ kind: 'protocol', record }));
}

/** The socket of a plain client. */
export function plainSocket(socket: ObjectSocket): PlainSocket {
	return new KeptSocket<PlainRecord>(socket, (record) => ({ kind: 'plain', record }));
}

/**
 * Closes a connection, also one that is closing already. Codes that stand for no close frame, such
 * as 1005, cannot be sent.
 */
export function closeQuietly(socket: ObjectSocket, code: number, reason: string): void {
	try {
		socket.close(code, reason);
	} catch {
		try {
			socket.close();
		} catch {
			// The client is gone.
		}
	}
}

class KeptSocket<Kept> {
	/** The runtime does not expose it. */
	readonly bufferedAmount = 0;
	readonly #socket: ObjectSocket;
	readonly #attach: (record: Kept) => Attachment;

	constructor(socket: ObjectSocket, attach: (record: Kept) => Attachment) {
		this.#socket = socket;
		this.#attach = attach;
	}

	get readyState(): ReadyState {
		return this.#socket.readyState as ReadyState;
	}

	send(content: string | ArrayBufferLike | ArrayBufferView | Blob): void {
		try {
			// Frames are text or bytes.
			this.#socket.send(content as string | Uint8Array);
		} catch {
			// The client is gone. Its close follows.
		}
	}

	close(code: number, reason: string): void {
		closeQuietly(this.#socket, code, reason);
	}

	keep(record: Kept | undefined): void {
		this.#socket.serializeAttachment(
			writeAttachment(record === undefined ? undefined : this.#attach(record)),
		);
	}
}
