import { socket } from 'zastro:realtime';
import type { RealtimeMessage, ShortFormConfig } from 'zastro-websockets-node/realtime';

export const config: ShortFormConfig = { type: 'json', timeout: 5 };

export default async function echo({
	connection,
	data,
	requestId,
	user,
}: RealtimeMessage<{ text: string }>): Promise<void> {
	await socket.send({ text: data.text, connection: connection.id, requestId, by: user?.name });
}
