// A reporter for `node --test` that lists the files with at least one test, one per line. Node
// counts a file without tests as a passed test named after the file.
import { resolve } from 'node:path';

export default async function* testedFiles(events) {
	const seen = new Set();
	for await (const { type, data } of events) {
		const { file, name, skip, details } = data;
		if ((type !== 'test:pass' && type !== 'test:fail') || seen.has(file)) continue;
		if (details.type === 'suite' || skip !== undefined || resolve(name) === file) continue;
		seen.add(file);
		yield `${file}\n`;
	}
}
