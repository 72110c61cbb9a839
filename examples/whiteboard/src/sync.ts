import { channels, RealtimeError } from 'zastro:realtime/client';
import * as Y from 'yjs';

/** Milliseconds between two changes: a client may send 50 messages in a second. */
const PACE = 40;
/** Milliseconds until a change is sent again. */
const RETRY = 1000;
/** What tells that a change is never taken. */
const FINAL = new Set(['BAD_REQUEST', 'CONTENT_TOO_LARGE', 'FORBIDDEN', 'CLOSED']);

/** Keeps a document equal to that of all other pages on a board. */
export function sync(doc: Y.Doc, board: string, tell: (text: string) => void) {
	const room = channels.boards({ board }).join({
		// The newest snapshot, and every change after it.
		since: { last: 500 },
		// A server that has lost the board gets it from a page that has it.
		onGap: () => change(Y.encodeStateAsUpdate(doc)),
	});
	// Yjs merges: a whole document is taken like a change.
	const apply = (update: Uint8Array) => Y.applyUpdate(doc, update, room);
	room.on('changed', apply);
	room.on('document', apply);
	doc.on('update', (update: Uint8Array, origin: unknown) => {
		if (origin !== room) change(update);
	});

	let waiting: Uint8Array[] = [];
	let isSending = false;

	function change(update: Uint8Array) {
		waiting.push(update);
		if (!isSending) void sendAll();
	}

	/** What is drawn while one message is on its way becomes the next one. */
	async function sendAll() {
		isSending = true;
		while (waiting.length > 0) {
			const update = Y.mergeUpdates(waiting);
			waiting = [];
			try {
				await room.send('change', update);
				tell('');
				await pause(PACE);
			} catch (error) {
				tell(`Not saved: ${error instanceof Error ? error.message : error}`);
				if (error instanceof RealtimeError && FINAL.has(error.code)) continue;
				waiting.unshift(update);
				await pause(RETRY);
			}
		}
		isSending = false;
	}

	return room;
}

function pause(milliseconds: number) {
	return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
