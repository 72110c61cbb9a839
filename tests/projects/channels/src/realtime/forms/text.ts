import { socket } from 'zastro:realtime';
import type { RealtimeMessage } from '../../realtime-message';

export const config = { type: 'string', timeout: 1 } as const;

export default async function answer({ data }: RealtimeMessage<string>): Promise<void> {
	if (data === 'never') await new Promise(() => {});
	await socket.send(`${typeof data} ${data}`);
}
