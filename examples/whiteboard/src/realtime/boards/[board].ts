import { binary, defineChannel, RealtimeError } from 'zastro:realtime';
import * as Y from 'yjs';

/** The changes that become one document. The channel keeps several times as many. */
const MANY = 100;

/** The part of the channel that {@link fold} needs. */
interface Board {
	history(): Promise<{
		readonly messages: readonly { readonly data: Uint8Array }[];
		readonly position: string;
	}>;
	snapshot(event: 'document', data: Uint8Array, upTo: string): Promise<boolean>;
}

export default defineChannel('boards/[board]', {
	authorize: 'anyone',
	messages: {
		change: {
			input: binary(),
			// Yjs takes a change twice without harm.
			idempotent: true,
			handler: async (update, { channel, params }) => {
				check(update);
				await channel.publish('changed', update);
				if (isManyth(params.board)) await fold(channel);
			},
		},
	},
	events: { changed: binary(), document: binary({ max: 256 * 1024 }) },
	presence: { of: 'connection' },
	history: { size: 5 * MANY, ttl: 30 * 24 * 3600 },
	// Another process, or an object that has slept since, may have counted the changes.
	onJoin: ({ channel }) => fold(channel),
});

/** Bytes that are no change would break the document for everyone. */
function check(update: Uint8Array): void {
	try {
		Y.decodeUpdate(update);
	} catch {
		throw new RealtimeError({ code: 'BAD_REQUEST', message: 'This is no change of a document.' });
	}
}

/** Counts the changes of each board. An unused board is counted anew. */
const counts = new Map<string, number>();

function isManyth(board: string): boolean {
	const count = (counts.get(board) ?? 0) + 1;
	counts.set(board, count % MANY);
	if (counts.size > 1000) counts.clear();
	return count === MANY;
}

/** Keeps many changes as one document. What is drawn meanwhile follows it. */
async function fold(board: Board): Promise<void> {
	const { messages, position } = await board.history();
	if (messages.length < MANY) return;
	const doc = new Y.Doc();
	for (const { data } of messages) Y.applyUpdate(doc, data);
	// Unlike merged changes, it has nothing of what was removed.
	await board.snapshot('document', Y.encodeStateAsUpdate(doc), position);
}
