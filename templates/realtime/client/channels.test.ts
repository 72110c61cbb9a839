import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Address, UntypedChannels } from './base/types.ts';
import { createChannels } from './channels.ts';

interface Opened {
	readonly name: string;
	readonly params: Readonly<Record<string, string>>;
}

const channels = createChannels((name, params) => ({ name, params }) as unknown as Address);

function opened(open: (site: UntypedChannels) => Address | undefined): Opened {
	return open(channels as UntypedChannels) as unknown as Opened;
}

describe('the channels of a site', () => {
	it('are named by folders and file', () => {
		assert.deepEqual(
			opened((site) => site.teams?.rooms?.({ team: 'red', room: 'lobby' })),
			{ name: 'teams/rooms', params: { team: 'red', room: 'lobby' } },
		);
		assert.deepEqual(
			opened((site) => site.news?.()),
			{ name: 'news', params: {} },
		);
	});

	it('keep parameters named like members of Object', () => {
		const params = JSON.parse('{"__proto__":"a","constructor":"b"}');
		const { params: kept } = opened((site) => site.rooms?.(params));
		assert.deepEqual(Object.entries(kept), [
			['__proto__', 'a'],
			['constructor', 'b'],
		]);
	});

	it('refuse parameters that are no strings', () => {
		const params = { room: 5 } as unknown as Record<string, string>;
		assert.throws(() => opened((site) => site.rooms?.(params)), /`room` must be a string/);
	});

	it('are no promise, no ref of a framework, and can be printed and written as JSON', async () => {
		const site = channels as Record<string, unknown>;
		assert.equal(await channels, channels);
		for (const name of ['then', 'toJSON', '__v_isRef', '$$typeof', 'prototype']) {
			assert.equal(site[name], undefined, name);
		}
		assert.equal((channels as { [Symbol.iterator]?: unknown })[Symbol.iterator], undefined);
		assert.equal(typeof String(channels), 'string');
		assert.equal(JSON.stringify({ channels }), '{}');
		for (const name of ['constructor', 'hasOwnProperty', 'bind', 'call']) {
			assert.equal(
				site[name],
				Reflect.get(() => {}, name),
				name,
			);
		}
	});
});
