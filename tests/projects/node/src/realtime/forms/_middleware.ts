import type { RealtimeMessage } from 'zastro-websockets-node/realtime';
import { record } from '../../journal';

export function onMessageReceived({ channel, user }: RealtimeMessage): void {
	record(`received-${user?.id}`, channel);
}
