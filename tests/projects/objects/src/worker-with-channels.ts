/** The same Worker, which publishes from its queue and its schedule, and counts written rows. */

import { channels } from 'zastro:realtime';
import { handle } from 'zastro-websockets-cloudflare/handler';
import { Counter as PlainCounter } from './worker';

/** Rows that objects of this Worker have written since the last look, and alarms that were set. */
let written = 0;
let isCounting = false;
/** In the names of tables that Cloudflare's servers do not have. */
const OF_MINIFLARE = '__miniflare';

export class Counter extends PlainCounter {
	/** What Cloudflare would bill. All objects of this process are counted. */
	rows(): number {
		this.#startCounting();
		const rows = written;
		written = 0;
		return rows;
	}

	#startCounting(): void {
		if (isCounting) return;
		isCounting = true;
		const { storage } = this.ctx;
		const ofSql: SqlStorage = Object.getPrototypeOf(storage.sql);
		const { exec } = ofSql;
		ofSql.exec = function (query: string, ...bindings: unknown[]) {
			const cursor = Reflect.apply(exec, this, [query, ...bindings]);
			if (!query.includes(OF_MINIFLARE)) written += cursor.rowsWritten;
			return cursor;
		};
		const ofStorage: DurableObjectStorage = Object.getPrototypeOf(storage);
		const { setAlarm } = ofStorage;
		ofStorage.setAlarm = function (...given) {
			written++;
			return Reflect.apply(setAlarm, this, given);
		};
	}
}

export default {
	fetch: handle,
	async queue({ messages }) {
		const lobby = channels.lobby();
		for (const { body } of messages) {
			if (body === 'snapshot') {
				const { position } = await lobby.history({ last: 0 });
				await lobby.snapshot('told', 'everything so far', position);
			}
			await lobby.publish('told', `queue: ${body}`);
		}
	},
	async scheduled({ cron }) {
		await channels.lobby().publish('told', `cron: ${cron}`);
	},
} satisfies ExportedHandler<Env>;
