/** The test kit: `zastro-websockets-cloudflare/testing`. */

import './in-workerd.ts';
import { type RealtimeTestOptions, TestRealtime } from '../../realtime/testing/realtime.ts';

export type {
	TestChannels,
	TestRoom,
	TestServerChannels,
	TestServerSocket,
	TestUser,
	WaitOptions,
} from '../../realtime/define/api/test-types.ts';
export type { TestClient } from '../../realtime/testing/client.ts';
export type { Closed, InjectedSocket } from '../../realtime/testing/injected-socket.ts';
export type { TestRealtime } from '../../realtime/testing/realtime.ts';
export { HandshakeRefused, type VisitOptions } from '../../realtime/testing/visit.ts';
export { type InjectOptions, injectWebSocket } from './inject.ts';

/** The clock of objects is that of the runtime. */
export type TestRealtimeOptions = Omit<RealtimeTestOptions, 'clock'>;

/** Runs the realtime channels of a site in their Durable Objects, in the runtime of the tests. */
export async function testRealtime(options: TestRealtimeOptions = {}): Promise<TestRealtime> {
	// It has the site's channel files, which tests of a built site do not load.
	const { ObjectServer } = await import('./object-server.ts');
	return new TestRealtime((services) => new ObjectServer(services), options);
}
