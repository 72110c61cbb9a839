/** What restores the connections of a process that slept, as JSON. */

import type { ChannelKey } from '../channel/key.ts';
import type { MemberRecord } from '../channel/members/member.ts';
import type { Session } from '../channel/ports.ts';
import type { User } from '../define/handling/user.ts';
import type { CreditsRecord } from './credits.ts';

/** What was decided about a connection before it came to this process. */
export interface Passage {
	/** The only channel that it may join. Undefined for the connection of an inbox. */
	readonly key: ChannelKey | undefined;
	/** What `authorize` answered. It is good for one join. */
	readonly allowed?: { readonly history: boolean } | undefined;
}

/** A connection with the protocol. Its rate of joins is full again after a sleep. */
export interface MuxRecord {
	readonly user: User | undefined;
	/** Undefined before `hello`. */
	readonly session: Session | undefined;
	/** The highest `ref` so far. */
	readonly lastRef: number;
	readonly joins: readonly JoinRecord[];
	readonly credits: CreditsRecord;
	/** Whether the client takes several frames in one message. */
	readonly takesLines?: boolean;
	/** Whether the client waits for an answer that is not here. It has to ask again. */
	readonly owesAnswer: boolean;
	readonly passage?: Passage | undefined;
}

export interface JoinRecord {
	readonly ref: number;
	/** Undefined for the channel of the passage, whose key may take 3 KB. */
	readonly key?: ChannelKey | undefined;
	readonly member: MemberRecord;
}

/** A plain client's connection, which is in one channel. */
export interface PlainRecord {
	readonly user: User | undefined;
	readonly session: Session;
	readonly member: MemberRecord;
}
