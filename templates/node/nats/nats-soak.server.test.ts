import type { ChannelKey } from '../../realtime/channel/key.ts';
import { newPrefix, only } from '../engine/engine.fixture.ts';
import { type SoakFaults, soakCases } from '../engine/soak-log.fixture.ts';
import { presenceSoakCases } from '../engine/soak-presence.fixture.ts';
import { TcpProxy } from '../engine/tcp-proxy.fixture.ts';
import { readRecord, writeBare } from './channels/record.ts';
import { Names } from './connection/names.ts';
import type { Store, Stored } from './connection/store.ts';
import { askApi, NATS_URL, Process, processes, serverTest, storeOf } from './nats.fixture.ts';

soakCases({
	test: serverTest,
	async start(context) {
		const prefix = newPrefix();
		const { hostname, port } = new URL(NATS_URL ?? '');
		const way = await TcpProxy.start(context, Number(port), hostname);
		const all = await processes(context, 1, { prefix, url: `nats://${way.address}` });
		const names = new Names(prefix);
		const store = await storeOf(names.logStream);
		return { process: only(all), faults: new NatsFaults(names, store, () => way.cut()) };
	},
});

presenceSoakCases({
	test: serverTest,
	url: NATS_URL,
	process: (prefix, address) => new Process(prefix, { NATS_URL: `nats://${address}` }),
});

class NatsFaults implements SoakFaults {
	readonly cut: () => void;
	readonly #names: Names;
	readonly #store: Store;

	constructor(names: Names, store: Store, cut: () => void) {
		this.#names = names;
		this.#store = store;
		this.cut = cut;
	}

	async loseNewest(channel: ChannelKey, count: number): Promise<number | undefined> {
		const { records } = this.#names.channel(channel);
		const all: Stored[] = [];
		for await (const record of this.#store.from(records, 1)) all.push(record);
		let gone = 0;
		while (gone < count) {
			const newest = all.pop();
			if (newest === undefined) break;
			gone += readRecord(newest).entries(0).length;
			await askApi(`STREAM.MSG.DELETE.${this.#names.logStream}`, { seq: newest.sequence });
		}
		if (all.length > 0) return gone;
		await this.loseAll();
		return undefined;
	}

	async loseAll(): Promise<void> {
		await askApi(`STREAM.PURGE.${this.#names.logStream}`, {});
	}

	async loseKept(channel: ChannelKey): Promise<void> {
		const { records } = this.#names.channel(channel);
		const found = await this.#store.last(records);
		if (found === undefined) return;
		const data = writeBare(readRecord(found).head);
		await this.#store.put({ subject: records, data, isOnly: true });
	}
}
