/** A channel without its schemas, as both sides know it. */

import type { SiteUser } from './register.ts';
import type { Empty } from './value-types.ts';

/** An event's data as the server publishes it and as clients get it. */
export interface EventType<Published = unknown, Received = unknown, Ephemeral = boolean> {
	readonly published: Published;
	readonly received: Received;
	readonly ephemeral: Ephemeral;
}

/** Presence data as clients give it and as everyone gets it. */
export interface PresenceType<Given = unknown, Received = unknown> {
	readonly given: Given;
	readonly received: Received;
}

/** What a channel file exports, without its schemas. */
export interface Channel<Messages, Events, Presence, History extends boolean> {
	readonly '~channel': {
		readonly messages: Messages;
		readonly events: Events;
		readonly presence: Presence;
		readonly history: History;
	};
}

export type PublishedOf<Event> = Event extends { readonly published: infer Data } ? Data : never;
export type ReceivedOf<Event> = Event extends { readonly received: infer Data } ? Data : never;

/** Someone who is present. */
export interface Member<Data = unknown> {
	readonly id: string;
	/** Undefined for a visitor. */
	readonly user: SiteUser;
	readonly data: Data;
	/** Milliseconds since 1970. */
	readonly since: number;
}
export type MemberOf<Presence> = Presence extends { readonly received: infer Data }
	? Member<Data>
	: never;

export type KeptEvents<Events> = {
	[Name in keyof Events]: Events[Name] extends { readonly ephemeral: true } ? never : Name;
}[keyof Events] &
	string;

export type ParamsArguments<Params> = Empty extends Params
	? [params?: Readonly<Record<string, never>>]
	: [params: Params];
