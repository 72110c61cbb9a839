import type { AstroWebSocket } from '../../socket/types.ts';
import type { Link } from '../channel/ports.ts';
import type { Frame } from '../protocol/server-frames.ts';

/** The part of a socket that frames are written to. */
export type FrameSocket = Pick<AstroWebSocket, 'readyState' | 'send'>;

/** A connection whose socket may get the bytes of a frame together with others. */
export interface BroadcastLink extends Link {
	/** Counts a frame. Returns the socket to write it to, undefined if the connection does not get it. */
	admit(frame: Frame): FrameSocket | undefined;
	/** Called after the frame was written. */
	written(): void;
}
