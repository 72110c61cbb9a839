import { socket } from 'zastro:realtime';
import type { RealtimeMessage } from '../../realtime-message';

/** The short form: gets every message, and answers the user. */
export default async function answer({ data, user }: RealtimeMessage<unknown>): Promise<void> {
	if (data === 'fail') throw new Error('thrown on purpose');
	await socket.send({ answer: data, user: user?.id ?? 'a visitor' });
}
