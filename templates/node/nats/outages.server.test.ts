import { describe } from 'node:test';
import { outageCases } from '../engine/outage-cases.fixture.ts';
import { Process } from './nats.fixture.ts';
import { NatsServer, ownServerTest } from './own-server.fixture.ts';

// Each case has a server of its own, and most of them wait.
describe('outages', { concurrency: 4 }, () => {
	outageCases({
		test: ownServerTest,
		server: (context) => NatsServer.start(context),
		process: (prefix, address) => new Process(prefix, { NATS_URL: `nats://${address}` }),
		userRequest: /HPUB \S+\.state\.k\.u\./,
		firstRequest: /DIRECT\.GET/,
	});
});
