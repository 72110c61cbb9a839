import cluster from 'node:cluster';
import { MemoryEngine } from '../../realtime/memory/memory-engine.ts';
import type { Engine } from '../../realtime/user/engine.ts';
import type { EngineServices } from './engine-services.ts';

/** What is known of the processes of a server. */
export interface Processes {
	/** The number of this worker of `node:cluster`, from 1 on. */
	readonly worker: number | undefined;
	/** The number of this process among those of PM2, from 0 on. */
	readonly instance: string | undefined;
}

/** The engine of a process alone. */
export function createEngine({ host, log }: EngineServices): Engine {
	return new SingleProcessEngine(host, log);
}

class SingleProcessEngine extends MemoryEngine {
	readonly #log: EngineServices['log'];

	constructor(host: EngineServices['host'], log: EngineServices['log']) {
		super(host);
		this.#log = log;
	}

	override async start(): Promise<void> {
		const hint = processesHint({
			worker: cluster.isWorker ? cluster.worker?.id : undefined,
			instance: process.env.NODE_APP_INSTANCE,
		});
		if (hint !== undefined) this.#log(hint);
	}
}

/** A hint for a site with several processes. The second one alone has it. */
export function processesHint({ worker, instance }: Processes): string | undefined {
	if (worker !== 2 && instance !== '1') return undefined;
	return "The site runs in several processes, which do not see the realtime channels of each other. Set `realtime: { engine: 'redis' }` or `realtime: { engine: 'nats' }` in the options of the adapter.";
}
