/** Changes to modules of the package, by the end of their path. */
const CHANGES = {
	// What the Worker and the objects say to each other.
	'/cloudflare/realtime/base/object-calls.js': (code) =>
		code.replace(/(CALL_VERSION = )(\d+)/, (_, before, version) => before + (Number(version) + 1)),
	// The tables of the objects.
	'/cloudflare/engine/tables.js': (code) =>
		`${code}\nMIGRATIONS.push({ table: 'log', statements: ["UPDATE log SET data = replace(data, 'missed', 'migrated')"] });\n`,
};

/**
 * A Vite plugin that bundles a later version of the package: its Workers do not understand the
 * objects of this one, and its objects migrate their tables.
 */
export function nextVersion() {
	return {
		name: 'tests:next-version',
		enforce: 'pre',
		transform(code, id) {
			const [path] = id.split('?');
			const change = Object.entries(CHANGES).find(([end]) => path.endsWith(end))?.[1];
			if (change === undefined) return undefined;
			const changed = change(code);
			if (changed === code) this.error(`there is nothing to change in ${id}`);
			return { code: changed, map: null };
		},
	};
}
