import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled } from '../../../realtime/channel/channel.fixture.ts';
import { errorData } from '../../../realtime/protocol/errors.ts';
import { READS_AT_ONCE } from '../../engine/limits.ts';
import type { NatsMessage } from './client.ts';
import { describeFailure } from './failure.ts';
import { Store, type StoreInit } from './store.ts';

function storeWith(requests: StoreInit['requests'], hasReplicas = false): Store {
	return new Store({
		requests,
		stream: 'log',
		hasReplicas: () => hasReplicas,
		headers: () => ({ set() {} }) as never,
		drop() {},
		refused() {},
		random: () => '',
	});
}

const DESCRIPTION = 'insufficient resources on 10.0.0.1';

test('clients are not told what NATS says, and the operator is', async () => {
	const error = { code: 503, err_code: 10_023, description: DESCRIPTION };
	const data = Buffer.from(JSON.stringify({ error }));
	const answer: NatsMessage = { subject: '', data };
	const store = storeWith({ ask: async () => answer, askMany: async () => [answer] }, true);
	for (const work of [
		store.put({ subject: 'a', data: 'b' }),
		store.last('a'),
		store.trim('a', 1),
	]) {
		const failure: unknown = await work.catch((reason: unknown) => reason);
		assert.equal(errorData(failure).message, 'The realtime engine refused.');
		assert.ok(failure instanceof Error);
		const told = describeFailure(failure, { place: 'host:4222', isTls: false });
		assert.match(told.message, /insufficient resources/);
	}
});

test('a message that NATS has no room for is refused, and a batch may be tried again', async () => {
	const answers = [
		{ code: 429, err_code: 10_167, description: 'too many requests' },
		{ code: 429, err_code: 10_211, description: 'batch publish too many inflight' },
	].map((error): NatsMessage => ({ subject: '', data: Buffer.from(JSON.stringify({ error })) }));
	const ask = async (): Promise<NatsMessage | undefined> => answers.shift();
	const store = storeWith({ ask, askMany: async () => [] });
	const message = { subject: 'a', data: 'b' };
	await assert.rejects(store.put(message), { code: 'SERVICE_UNAVAILABLE' });
	assert.equal(await store.put(message, message), undefined);
});

test('reads a number of messages at once, and lets the others wait', async () => {
	const answers: ((message: NatsMessage) => void)[] = [];
	const ask = (): Promise<NatsMessage> => new Promise((resolve) => answers.push(resolve));
	const store = storeWith({ ask, askMany: async () => [await ask()] });
	const reads = Array.from({ length: READS_AT_ONCE + 2 }, (_, index) =>
		index % 2 === 0 ? store.last('a') : store.from('a', 1).next(),
	);
	await settled();
	assert.equal(answers.length, READS_AT_ONCE);
	// A write does not wait.
	const written = store.put({ subject: 'a', data: 'b' });
	assert.equal(answers.length, READS_AT_ONCE + 1);
	for (let index = 0; index < answers.length; index++) {
		answers[index]?.({ subject: '', data: Buffer.from('{"seq":1}') });
		await settled();
	}
	assert.equal(answers.length, READS_AT_ONCE + 3);
	await Promise.all([written, ...reads]);
});

test('reads many small messages with few questions', async () => {
	const SIZE = 200;
	const [sent, count] = [[] as string[], 10_000];
	const headers = (fields: Readonly<Record<string, number>>, code = 0) =>
		({ code, get: (name: string) => String(fields[name] ?? '') }) as never;
	const store = new Store({
		requests: {
			ask: async () => undefined,
			askMany: async ({ payload }) => {
				sent.push(String(payload));
				const { seq, batch, max_bytes } = JSON.parse(String(payload));
				const next = Math.min(seq + batch, seq + Math.ceil(max_bytes / SIZE), count + 1);
				const messages = Array.from({ length: next - seq }, (_, index): NatsMessage => {
					const fields = { 'Nats-Sequence': seq + index };
					return { subject: '', data: new Uint8Array(SIZE), headers: headers(fields) };
				});
				const end = headers({ 'Nats-Num-Pending': count + 1 - next }, 204);
				return [...messages, { subject: '', data: new Uint8Array(), headers: end }];
			},
		},
		stream: 'state',
		hasReplicas: () => false,
		headers: () => ({ set() {} }) as never,
		drop() {},
		refused() {},
		random: () => '',
	});
	let read = 0;
	for await (const { sequence } of store.from('members.*', 1)) assert.equal(sequence, ++read);
	assert.equal(read, count);
	assert.ok(sent.length <= 10, `${sent.length} questions`);
});
