import type { TestContext } from 'node:test';
import { TcpProxy } from '../engine/tcp-proxy.fixture.ts';

/** A way to NATS on which messages get lost without a sign, as between the servers of a cluster. */
export class LossyWay {
	/** The subjects whose messages are lost. */
	loses: RegExp | undefined;
	/** The number of messages that got lost. */
	lost = 0;
	address = '';

	static async start(context: TestContext, url: string): Promise<LossyWay> {
		const { hostname, port } = new URL(url);
		const way = new LossyWay();
		const proxy = await TcpProxy.start(context, Number(port), hostname, () => way.#filter());
		way.address = proxy.address;
		return way;
	}

	/** What is left of the bytes of a connection. */
	#filter(): (data: Buffer) => Buffer {
		let rest = Buffer.alloc(0);
		return (data) => {
			rest = Buffer.concat([rest, data]);
			const kept: Buffer[] = [];
			for (;;) {
				const end = rest.indexOf('\r\n');
				if (end < 0) break;
				const line = rest.toString('latin1', 0, end);
				const isMessage = /^H?MSG /i.test(line);
				const size = end + 2 + (isMessage ? Number(line.slice(line.lastIndexOf(' '))) + 2 : 0);
				if (rest.length < size) break;
				if (isMessage && this.loses?.test(line) === true) this.lost++;
				else kept.push(rest.subarray(0, size));
				rest = rest.subarray(size);
			}
			return Buffer.concat(kept);
		};
	}
}
