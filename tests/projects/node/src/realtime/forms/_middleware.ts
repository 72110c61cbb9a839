import type { RealtimeMessage } from 'zastro-websockets-node/realtime';
import { record } from '../../journal';

export function onMessageReceived({ data, channel }: RealtimeMessage): void {
	record('forms', `${channel} ${JSON.stringify(data)}`);
}
