import { describe } from 'node:test';
import { processCases } from '../engine/process-cases.fixture.ts';
import { processes, serverTest } from './nats.fixture.ts';

// Most of the cases wait.
describe('processes', { concurrency: 4 }, () => {
	processCases({
		test: serverTest,
		processes,
		child: new URL('./child.fixture.ts', import.meta.url),
	});
});
