import assert from 'node:assert/strict';
import { test } from 'node:test';
import { siteWith } from '../../realtime/configure/site.fixture.ts';
import { refuseChannels } from './no-channels.ts';

test('channels are refused before Astro 6', (context) => {
	assert.throws(() => refuseChannels(siteWith(context, ['rooms/[room].ts'])), {
		name: 'AstroUserError',
		message: /run on Cloudflare since Astro 6/,
		hint: /Upgrade Astro/,
	});
});

test('a site without channels is accepted', (context) => {
	refuseChannels(siteWith(context, ['_schemas.ts']));
	refuseChannels({});
});
