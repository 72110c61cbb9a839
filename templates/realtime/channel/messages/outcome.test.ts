import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readOutcome, writeOutcome } from './outcome.ts';

describe('the kept result of a handler', () => {
	const error = { code: 'CONFLICT', message: 'The seat is taken: | or !.' } as const;

	it('is read as it was written', () => {
		for (const result of [
			{ data: '"a|b!c"' },
			{ data: '{"!":"|"}' },
			{ data: 'null' },
			{ data: undefined },
			{ error },
		]) {
			for (const published of ['', 'k3v9x0qa.1.aaaaaa', 'k3v9x0qa.0.']) {
				assert.deepEqual(readOutcome(writeOutcome(result, published)), { result, published });
			}
		}
	});

	it('is uncertain if it is bytes, or larger than 4 KB, or was not kept', () => {
		const large = '"ä"'.padStart(4095);
		for (const text of [
			writeOutcome({ data: new Uint8Array(1) }),
			writeOutcome({ data: large }),
			writeOutcome({ error: { ...error, message: large } }),
			undefined,
		]) {
			const { result } = readOutcome(text);
			assert.equal('error' in result && result.error.code, 'UNCERTAIN');
		}
		assert.deepEqual(readOutcome(writeOutcome({ data: large.slice(1) })).result, {
			data: large.slice(1),
		});
	});

	it('has its position also if it is uncertain', () => {
		const text = writeOutcome({ data: new Uint8Array(1) }, 'e.1.a');
		assert.equal(readOutcome(text).published, 'e.1.a');
	});
});
