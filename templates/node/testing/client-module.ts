/** What `zastro:realtime/client` exports in tests, where no page is open: handles that do nothing. */

import { type Client, createRenderedClient, presence } from '../../realtime/client/page-client.ts';

export { RealtimeError } from '../../realtime/protocol/errors.ts';

const client = createRenderedClient(presence);
export const channels: Client['channels'] = client.channels;
export const socket: Client['socket'] = client.socket;
