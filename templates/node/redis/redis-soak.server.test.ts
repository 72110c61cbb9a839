import type { ChannelKey } from '../../realtime/channel/key.ts';
import { readPosition } from '../../realtime/channel/position.ts';
import { only } from '../engine/engine.fixture.ts';
import { type SoakFaults, soakCases } from '../engine/soak-log.fixture.ts';
import { presenceSoakCases } from '../engine/soak-presence.fixture.ts';
import { TcpProxy } from '../engine/tcp-proxy.fixture.ts';
import { Keys } from './connection/keys.ts';
import { direct, newPrefix, Process, processes, REDIS_URL, serverTest } from './redis.fixture.ts';

soakCases({
	test: serverTest,
	async start(context) {
		const prefix = newPrefix();
		const { hostname, port } = new URL(REDIS_URL ?? '');
		const way = await TcpProxy.start(context, Number(port), hostname);
		const all = await processes(context, 1, { prefix, url: `redis://${way.address}` });
		return { process: only(all), faults: new RedisFaults(prefix, () => way.cut()) };
	},
});

presenceSoakCases({
	test: serverTest,
	url: REDIS_URL,
	process: (prefix, address) => new Process(prefix, { REDIS_URL: `redis://${address}` }),
});

class RedisFaults implements SoakFaults {
	readonly cut: () => void;
	readonly #keys: Keys;

	constructor(prefix: string, cut: () => void) {
		this.#keys = new Keys(prefix);
		this.cut = cut;
	}

	async loseNewest(channel: ChannelKey, count: number): Promise<number | undefined> {
		const client = await direct();
		const { head, log } = this.#keys.channel(channel);
		const entries = (await client.callBuffer('XRANGE', log, '-', '+')) as readonly [
			Buffer,
			readonly Buffer[],
		][];
		const gone = entries.slice(-count);
		const oldest = gone[0];
		if (oldest === undefined) return 0;
		const [, previous = ''] = String(oldest[1][1]).slice(1).split('\n');
		const { number = 0 } = readPosition(previous) ?? {};
		if (number === 0) {
			await this.loseAll(channel);
			return undefined;
		}
		// A stream does not take lower ids again.
		await client.callBuffer('DEL', log);
		for (const [id, [field = '', message = '']] of entries.slice(0, -count)) {
			await client.callBuffer('XADD', log, id, field, message);
		}
		await client.callBuffer('SET', head, `1 ${number} 300 0 ${previous}`);
		return gone.length;
	}

	async loseAll(channel: ChannelKey): Promise<void> {
		const { head, log, root } = this.#keys.channel(channel);
		await (await direct()).callBuffer('DEL', head, log, root);
	}

	async loseKept(channel: ChannelKey): Promise<void> {
		await (await direct()).callBuffer('DEL', this.#keys.channel(channel).log);
	}
}
