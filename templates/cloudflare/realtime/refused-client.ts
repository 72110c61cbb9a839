import { FrameError, readClientFrame } from '../../realtime/protocol/client-frames.ts';
import { MALFORMED_FRAME, PING, PONG } from '../../realtime/protocol/constants.ts';
import type { ErrorData } from '../../realtime/protocol/errors.ts';
import { type Frame, refusedFrame, welcomeFrame } from '../../realtime/protocol/server-frames.ts';
import type { AstroWebSocket } from '../../socket/types.ts';

/**
 * Answers a client whose join is refused. The browser hides why a handshake failed, so the client
 * learns it on a socket, which never reaches an object.
 *
 * @param session A secret that no session has, for a client that has none yet.
 */
export function refuseOn(
	socket: AstroWebSocket,
	error: ErrorData,
	{ session, version }: { readonly session: string; readonly version: string },
): void {
	socket.binaryType = 'arraybuffer';
	const send = ({ content }: Frame): void => socket.send(content);
	socket.addEventListener('message', ({ data }) => {
		if (data === PING) {
			socket.send(PONG);
			return;
		}
		// `binaryType` leaves out Blobs.
		if (data instanceof Blob) return;
		try {
			const frame = readClientFrame(typeof data === 'string' ? data : new Uint8Array(data));
			if (frame.type === 'hello') {
				// The object was not asked. The client keeps its session, and the messages of it, for the
				// next attempt.
				const resumed = frame.session;
				const isResumed = resumed !== undefined;
				send(welcomeFrame({ session: resumed ?? session, isResumed, version }));
			}
			if (frame.type !== 'join') return;
			send(refusedFrame(frame.ref, error));
			// The request of the Worker lasts as long as the socket.
			socket.close(REFUSED, error.message);
		} catch (reason) {
			if (!(reason instanceof FrameError)) throw reason;
			socket.close(MALFORMED_FRAME, reason.message);
		}
	});
}

/** A normal closure: the client has its answer. */
const REFUSED = 1000;
