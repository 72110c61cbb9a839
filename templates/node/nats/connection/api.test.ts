import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unanswered } from '../../engine/answers.ts';
import { apiOf } from './api.ts';
import type { NatsMessage } from './client.ts';

/** A server that answers when the test says so. */
class Server {
	readonly asked: string[] = [];
	readonly answers: ((answer: NatsMessage | undefined) => void)[] = [];
	readonly failures: ((error: Error) => void)[] = [];
	readonly alarms: Set<() => void> = new Set();

	readonly api = apiOf(
		{
			ask: ({ subject }) => {
				this.asked.push(subject);
				return new Promise((resolve, reject) => {
					this.answers.push(resolve);
					this.failures.push(reject);
				});
			},
		},
		(_, callback) => {
			this.alarms.add(callback);
			return () => this.alarms.delete(callback);
		},
	);

	/** Time passes. */
	ring(): void {
		const [alarm] = this.alarms;
		if (alarm === undefined) return;
		this.alarms.delete(alarm);
		alarm();
	}
}

const message = (data: object): NatsMessage => ({
	subject: '',
	data: Buffer.from(JSON.stringify(data)),
});

test('a question without an answer is asked again, and the first answer counts', async () => {
	const server = new Server();
	const asked = server.api('STREAM.INFO.log');
	server.ring();
	server.ring();
	assert.deepEqual(server.asked, new Array(3).fill('$JS.API.STREAM.INFO.log'));
	server.answers[2]?.(message({ created: 'now' }));
	assert.deepEqual(await asked, { created: 'now' });
	server.failures[0]?.(unanswered());
	assert.equal(server.alarms.size, 0);
});

test('a question fails with the connection, and when the time is over', async () => {
	const server = new Server();
	const asked = server.api('INFO');
	server.ring();
	server.failures[0]?.(unanswered());
	await assert.rejects(asked, { code: 'TIMEOUT' });
	assert.equal(server.alarms.size, 0);
});

test('without JetStream there is no answer to read', async () => {
	const server = new Server();
	const asked = server.api('INFO');
	server.answers[0]?.(undefined);
	assert.equal(await asked, undefined);
});
