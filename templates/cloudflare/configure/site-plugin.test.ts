import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WEBSOCKET_DEFAULTS } from '../../options/options.ts';
import { siteModule } from './site-plugin.ts';

interface BuiltModule {
	readonly options: object;
	readonly hooks: object;
}

function load(code: string): Promise<BuiltModule> {
	return import(`data:text/javascript,${encodeURIComponent(code)}`);
}

test('the built site has only the options supported by a Worker', async () => {
	const { options, hooks } = await load(siteModule(WEBSOCKET_DEFAULTS, null));
	const { allowedOrigins, handshakeTimeout, maxMessagesPerSecond, maxPayload } = WEBSOCKET_DEFAULTS;
	assert.deepEqual(options, { allowedOrigins, handshakeTimeout, maxMessagesPerSecond, maxPayload });
	assert.deepEqual(hooks, {});
});

test('the built site has the hooks', () => {
	const code = siteModule(WEBSOCKET_DEFAULTS, '/site/a "b".ts');
	assert.match(code, /export \* as hooks from "\/site\/a \\"b\\"\.ts";/);
});
