import { socket } from 'zastro:realtime';

/** Knows nothing of the handler that calls it. */
export async function notify(text: string): Promise<void> {
	await new Promise((resolve) => setTimeout(resolve, 20));
	await Promise.all([text].map((each) => socket.send({ text: each })));
}
