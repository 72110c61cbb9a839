import type { Session } from '../channel/ports.ts';
import type { User } from '../define/handling/user.ts';
import type { Data } from '../protocol/server-frames.ts';
import type { UserConnection } from '../user/users.ts';
import type { FrameSocket } from './broadcast-link.ts';
import { closeAtExpiry } from './expiry.ts';
import type { Hub, HubConnection } from './hub.ts';

/** The socket of a connection. */
export interface ConnectionSocket<Kept> extends FrameSocket {
	close(code: number, reason: string): void;
	/** Keeps what restores the connection. Undefined when it has ended. Absent in a process. */
	keep?(record: Kept | undefined): void;
}

/** A connection of a client: its session, and its end. */
export abstract class Connection<Kept, Socket extends ConnectionSocket<Kept>>
	implements UserConnection, HubConnection
{
	protected readonly socket: Socket;
	protected readonly hub: Hub;
	protected readonly user: User | undefined;
	/** The session, once it is open. */
	protected opened: Session | undefined;
	protected hasEnded = false;
	/** Whether the session goes on without this connection. */
	protected isTakenOver = false;
	readonly #cancelExpiry: (() => void) | undefined;

	constructor(socket: Socket, hub: Hub, user: User | undefined) {
		this.socket = socket;
		this.hub = hub;
		this.user = user;
		this.#cancelExpiry = closeAtExpiry(hub.host, user, (code, reason) => this.close(code, reason));
	}

	/** Present in all channels: no connection is in one before its session is open. */
	get session(): Session {
		if (this.opened === undefined) throw new Error('There is no session yet.');
		return this.opened;
	}

	get id(): string {
		return this.session.id;
	}

	/** The connection has ended. */
	closed(code: number): void {
		this.#end(code === 1000 || code === 1001 || code === 1005);
	}

	/** What restores the connection has changed. */
	changed(): void {
		this.socket.keep?.(this.hasEnded ? undefined : this.record());
	}

	abstract inbox(data: Data): void;
	abstract takenOver(): void;

	protected close(code: number, reason: string): void {
		if (this.hasEnded) return;
		this.#end(false);
		this.socket.close(code, reason);
	}

	/** What restores the connection. Undefined if nothing does. */
	protected abstract record(): Kept | undefined;

	/** Ends what the connection carries. */
	protected abstract ended(wasClean: boolean): void;

	#end(wasClean: boolean): void {
		if (this.hasEnded) return;
		this.hasEnded = true;
		this.#cancelExpiry?.();
		this.ended(wasClean);
		const { opened: session, isTakenOver, user } = this;
		this.hub.disconnected(this, { session, isTakenOver, user, wasClean });
		this.changed();
	}
}
