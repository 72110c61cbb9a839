// A reporter for `node --test`: lists the files that ran a test, one a line. Node counts a file without
// a test as a test that has passed, under the path of the file.
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
