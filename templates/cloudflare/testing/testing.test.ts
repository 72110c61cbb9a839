import assert from 'node:assert/strict';
import { test } from 'node:test';

test('outside of workerd, the kit says how to run the tests there', async () => {
	await assert.rejects(import('./testing.ts'), /runs in workerd.*`@cloudflare\/vitest-plugin`/);
});
