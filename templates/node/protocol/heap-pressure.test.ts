import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

/** Creates and drops 1 GiB of messages, and prints the number of collections. */
const MESSAGES = `
import { PerformanceObserver, constants } from 'node:perf_hooks';
import { removeHeapPressure, addHeapPressure } from '${new URL('./heap-pressure.ts', import.meta.url)}';

const counts = { young: 0, full: 0 };
const observer = new PerformanceObserver((list) => {
	for (const { detail } of list.getEntries()) {
		if (detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) counts.young++;
		if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) counts.full++;
	}
});
observer.observe({ entryTypes: ['gc'] });
for (let message = 0; message < 64 * 1024; message++) {
	addHeapPressure(16 * 1024);
	Buffer.allocUnsafeSlow(16 * 1024);
	removeHeapPressure();
	// Yields, so that the observer receives the collections.
	if (message % 1024 === 0) await new Promise(setImmediate);
}
await new Promise(setImmediate);
console.log(JSON.stringify(counts));
`;

test('large messages are collected as young objects, even if the young generation is large', () => {
	const flags = ['--min-semi-space-size=64', '--max-semi-space-size=64', '--input-type=module'];
	const printed = execFileSync(process.execPath, [...flags, '--eval', MESSAGES]).toString();
	const { young, full } = JSON.parse(printed);
	// The counts are about 33 and 4, or 0 and 13 without the pressure.
	assert.ok(full * 4 < young, printed);
});
