// The soak of faults, long: seeds in turn until this number of messages was delivered. Prints the
// counts as JSON. The arguments are the folder `templates/realtime` and the number.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, wanted] = process.argv.slice(2);
const { soak } = await import(pathToFileURL(join(folder, 'channel/soak.fixture.ts')).href);

const counts = {
	seeds: 0,
	published: 0,
	delivered: 0,
	gaps: 0,
	resumes: 0,
	handled: 0,
	uncertain: 0,
};
while (counts.delivered < Number(wanted)) {
	const seed = ++counts.seeds;
	const { failures, ...result } = await soak({ seed, steps: 10_000, clients: 20 });
	for (const [name, count] of Object.entries(result)) counts[name] += count;
	if (failures.length > 0) {
		console.error(`The seed ${seed} breaks promises:\n${failures.join('\n')}`);
		process.exit(1);
	}
}
console.log(JSON.stringify(counts));
