// Runs in workerd, with the bindings of a `wrangler.jsonc`.

import { expect, test } from 'vitest';
import { testRealtime } from 'zastro-websockets-cloudflare/testing';

interface UntypedTestChannels {
	greeting(): { join(): Promise<{ send(message: string): Promise<unknown> }> };
}

test('channels load with the kit, and in no time of a test', () => {
	expect(globalThis).toHaveProperty('isGreetingLoaded');
});

test('a handler has the bindings of the site', async () => {
	const site = await testRealtime({ timeout: 10_000 });
	const { channels }: { channels: unknown } = site.as({ id: 'ada', name: 'Ada' });
	const room = await (channels as UntypedTestChannels).greeting().join();
	expect(await room.send('greet')).toBe('Hello Ada');
	await site.close();
});
