import { socket } from 'zastro:realtime';
import type { RealtimeMessage } from '../../realtime-message';

export const config = { type: 'binary' } as const;

export default async function answer({ data }: RealtimeMessage<Uint8Array>): Promise<void> {
	await socket.send(data.toReversed());
}
