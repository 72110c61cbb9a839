import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NatsConnection, NatsMessage } from './client.ts';
import { Subjects } from './subjects.ts';

test('a message that nobody can take is reported once, and ends nothing', () => {
	const reports: string[] = [];
	const callbacks: ((error: null, message: NatsMessage) => void)[] = [];
	const connection = {
		subscribe: (_name: string, { callback }: { readonly callback: (typeof callbacks)[0] }) => {
			callbacks.push(callback);
			return { unsubscribe() {} };
		},
	} as Partial<NatsConnection> as NatsConnection;
	const subjects = new Subjects({
		connection: () => connection,
		drop: assert.fail,
		after: () => () => {},
		report: (message, error) => reports.push(`${message}: ${error}`),
	});
	subjects.join(connection);
	const taken: string[] = [];
	subjects.keep('inbox', ({ data }) => {
		if (data.length === 0) throw new Error('empty');
		taken.push(String(data));
	});
	const [callback] = callbacks;
	for (const data of [Buffer.alloc(0), Buffer.alloc(0), Buffer.from('1')]) {
		callback?.(null, { subject: 'inbox', data });
	}
	assert.deepEqual(taken, ['1']);
	assert.deepEqual(reports, ['A realtime message cannot be taken: Error: empty']);
});
