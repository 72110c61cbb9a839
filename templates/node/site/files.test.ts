import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { setUpgradeContext, type UpgradeContext } from '../handshake/context.ts';
import { withoutChannels } from './files.ts';

const app = { removeBase: (path: string) => path.replace(/^\/base\/?/, '') };

/** What answers a request for a path. */
function answererOf(path: string, isHandshake: boolean): unknown {
	const request = {} as IncomingMessage;
	if (isHandshake) setUpgradeContext(request, { path } as UpgradeContext);
	const answer = withoutChannels(() => 'files', app);
	return answer(request, {} as ServerResponse, () => 'site');
}

test('the site answers the handshakes of channels, and files are looked for in all other requests', () => {
	assert.equal(answererOf('/_realtime/', true), 'site');
	assert.equal(answererOf('/base/_realtime/rooms/lobby?x=1', true), 'site');
	assert.equal(answererOf('/_realtime/', false), 'files');
	for (const path of ['/', '/chat', '/_realtime', '/_realtimes/', '/a/_realtime/']) {
		assert.equal(answererOf(path, true), 'files', path);
	}
});
