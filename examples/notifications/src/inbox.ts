import { channels } from 'zastro:realtime';

/** A notification as a page shows it. */
export interface Notification {
	readonly id: string;
	readonly from: string;
	readonly text: string;
	/** Milliseconds since 1970. */
	readonly at: number;
	readonly isRead: boolean;
}

/** Puts a notification into the inboxes of users, wherever they are. Each takes an id once. */
export async function notify(
	users: readonly string[],
	notification: { from: string; text: string },
	id: string = crypto.randomUUID(),
): Promise<void> {
	await Promise.all(
		users.map((user) => channels.inbox({ user }).publish('notified', notification, { id })),
	);
}

/** The inbox of a user, newest first, and the position from which a page continues it. */
export async function readInbox(
	user: string,
): Promise<{ notifications: Notification[]; position: string }> {
	const { messages, position } = await channels.inbox({ user }).history();
	const read = new Set(messages.flatMap(({ event, data }) => (event === 'read' ? data.id : [])));
	const notifications = messages.flatMap(({ event, data, id = '', at }) =>
		event === 'notified' ? { ...data, id, at, isRead: read.has(id) } : [],
	);
	return { notifications: notifications.reverse(), position };
}
