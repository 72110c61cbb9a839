import { channels } from 'zastro:realtime';
import { notify } from './inbox.ts';

interface Reminder {
	/** Milliseconds since 1970. */
	readonly at: number;
	readonly to: string[];
	readonly from: string;
	readonly text: string;
}

/** Keeps a reminder until it is due. */
export async function remind(reminder: Reminder): Promise<void> {
	await channels.reminders().publish('added', { ...reminder, id: crypto.randomUUID() });
}

/** Sends the reminders that are due. A cron job calls it each minute. */
export async function sendDue(): Promise<void> {
	const { messages, position } = await channels.reminders().history();
	const all = messages.flatMap(({ event, data }) => (event === 'added' ? [data] : data));
	const now = Date.now();
	const due = all.filter(({ at }) => at <= now);
	if (due.length === 0) return;
	// If one fails, the next run sends them again, and their ids keep them from coming twice.
	for (const { id, to, from, text } of due) await notify(to, { from, text }, id);
	const waiting = all.filter(({ at }) => at > now);
	// What is added meanwhile comes after `position`, and stays.
	await channels.reminders().snapshot('waiting', waiting, position);
}
