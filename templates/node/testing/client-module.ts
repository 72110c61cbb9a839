/** What `zastro:realtime/client` exports in tests, where no page is open: handles that do nothing. */

import {
	createRenderedClient,
	type PageClient,
	presence,
} from '../../realtime/client/page-client.ts';

export { RealtimeError } from '../../realtime/protocol/errors.ts';

const client = createRenderedClient(presence);
export const channels: PageClient['channels'] = client.channels;
export const socket: PageClient['socket'] = client.socket;
