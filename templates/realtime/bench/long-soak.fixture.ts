// The soak of faults, long: `node long-soak.fixture.ts DELIVERIES` takes seeds in turn until this
// number of messages was delivered, and prints the counts as JSON.
import { noCounts } from '../channel/soak/counts.fixture.ts';
import { type SoakResult, soak } from '../channel/soak/soak.fixture.ts';

/** What soaks met, and how many there were. */
export interface LongSoak extends Omit<SoakResult, 'failures' | 'restored'> {
	readonly seeds: number;
}

/** @throws Error with the seed and the promises that it breaks. */
export async function longSoak(deliveries: number, steps = 10_000): Promise<LongSoak> {
	const { restored: _, ...sums } = noCounts();
	let seeds = 0;
	while (sums.delivered < deliveries) {
		const seed = ++seeds;
		const { failures, ...counts } = await soak({ seed, steps, clients: 20 });
		if (failures.length > 0) {
			throw new Error(`The seed ${seed} breaks promises:\n${failures.join('\n')}`);
		}
		for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += counts[name];
	}
	return { seeds, ...sums };
}

if (import.meta.main) console.log(JSON.stringify(await longSoak(Number(process.argv[2]))));
