import { record } from '../../journal';
import type { RealtimeMessage } from '../../realtime-message';

export function onMessageReceived({ channel, user }: RealtimeMessage): void {
	record(`received-${user?.id}`, channel);
}
