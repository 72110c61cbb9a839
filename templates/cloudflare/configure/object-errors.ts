import { basename } from 'node:path';
import { OBJECT_BINDING, OBJECT_CLASS } from '../realtime/base/names.ts';
import {
	OBJECT_EXPORT,
	OBJECT_MIGRATION,
	type WorkerConfig,
	type WorkerExport,
} from './worker-config.ts';

/** What is wrong with the configuration of a site with channels. */
export interface Wrong {
	/** A sentence. */
	readonly message: string;
	/** The next step, with the lines to paste. */
	readonly hint: string;
}

/** The migrations of the site do not name the class. */
export function unnamedByMigrations(config: WorkerConfig, supportsExports: boolean): Wrong {
	const file = fileOf(config);
	const message = `The channels of \`src/realtime\` need the Durable Object class \`${OBJECT_CLASS}\`, but the \`migrations\` of ${file} do not name it.`;
	const add = `Add this entry to the end of ${migrationsOf(config)} in ${file}:\n\n${migrationLines(config)}`;
	if (!supportsExports) return { message, hint: add };
	const instead = `If the Worker was deployed with channels before, replace \`migrations\` instead. Its objects stay as they are:\n\n${exportLines(config)}`;
	return { message, hint: `${add}\n\n${instead}` };
}

/** The installed Wrangler does not know `exports`. */
export function unsupportedExports(config: WorkerConfig): Wrong {
	return {
		message: `The channels of \`src/realtime\` need the Durable Object class \`${OBJECT_CLASS}\`, which an installed version of Wrangler cannot declare: it does not know \`exports\`.`,
		hint: `Update Wrangler, also that of Cloudflare's Vite plugin:\n\nnpm install wrangler@4\nnpm update @cloudflare/vite-plugin\n\nIf you cannot, add this to ${fileOf(config)}, and keep it:\n\n${migrationsLines(config)}`,
	};
}

/** The site's configuration says that the class has gone. */
export function retired(config: WorkerConfig): Wrong {
	const file = fileOf(config);
	return {
		message: `\`src/realtime\` has channels, but ${file} deletes or renames their Durable Object class \`${OBJECT_CLASS}\`.`,
		hint: isInExports(config)
			? `Remove \`${OBJECT_CLASS}\` from the \`exports\` of ${file}, or the files from \`src/realtime\`.`
			: `Declare the class again in a new entry at the end of ${migrationsOf(config)} in ${file}, or remove the files from \`src/realtime\`.`,
	};
}

/** The site declares the class without SQLite. */
export function otherStorage(config: WorkerConfig): Wrong {
	const file = fileOf(config);
	const right = isInExports(config)
		? `Declare it so in ${file}:\n\n${exportLine(config, OBJECT_CLASS, OBJECT_EXPORT)}`
		: `Name it in \`new_sqlite_classes\`, and not in \`new_classes\`.`;
	return {
		message: `The Durable Object class \`${OBJECT_CLASS}\` of channels needs SQLite, but ${file} declares it with another storage.`,
		hint: right,
	};
}

/** The name of the binding is taken. */
export function otherBinding(config: WorkerConfig): Wrong {
	return {
		message: `The binding \`${OBJECT_BINDING}\` is that of channels, but ${fileOf(config)} has another one of this name.`,
		hint: `Rename yours, or remove it: channels get theirs by themselves.`,
	};
}

function fileOf({ configPath }: WorkerConfig): string {
	return configPath === undefined ? 'wrangler.jsonc' : basename(configPath);
}

function isInExports({ exports = {} }: WorkerConfig): boolean {
	return Object.hasOwn(exports, OBJECT_CLASS);
}

function isToml({ configPath }: WorkerConfig): boolean {
	return configPath?.endsWith('.toml') === true;
}

/** An environment inherits the migrations, or has its own. */
function migrationsOf({ targetEnvironment }: WorkerConfig): string {
	if (targetEnvironment === undefined) return '`migrations`';
	return `the \`migrations\` of the environment "${targetEnvironment}"`;
}

function migrationLines(config: WorkerConfig): string {
	const { tag, new_sqlite_classes } = OBJECT_MIGRATION;
	const classes = JSON.stringify(new_sqlite_classes);
	return isToml(config)
		? `[[migrations]]\ntag = "${tag}"\nnew_sqlite_classes = ${classes}`
		: `{ "tag": "${tag}", "new_sqlite_classes": ${classes} }`;
}

function migrationsLines(config: WorkerConfig): string {
	const entry = migrationLines(config);
	return isToml(config) ? entry : `"migrations": [\n  ${entry}\n]`;
}

/** The site's own classes, as `exports` declares them. */
function exportLines(config: WorkerConfig): string {
	const entries = [...exportsOf(config)];
	const lines = entries.map(([name, entry]) => exportLine(config, name, entry));
	if (isToml(config)) return lines.join('\n\n');
	return `"exports": {\n${lines.map((line) => `  ${line}`).join(',\n')}\n}`;
}

function exportLine(config: WorkerConfig, name: string, { type, storage }: WorkerExport): string {
	return isToml(config)
		? `[exports.${name}]\ntype = "${type}"\nstorage = "${storage}"`
		: `"${name}": { "type": "${type}", "storage": "${storage}" }`;
}

/** What the migrations have made of the site's classes. */
function exportsOf({ migrations = [] }: WorkerConfig): Map<string, WorkerExport> {
	const exports = new Map<string, WorkerExport>();
	for (const migration of migrations) {
		for (const name of migration.deleted_classes ?? []) exports.delete(name);
		for (const { from, to } of migration.renamed_classes ?? []) {
			exports.set(to, exports.get(from) ?? OBJECT_EXPORT);
			exports.delete(from);
		}
		for (const { to } of migration.transferred_classes ?? []) exports.set(to, OBJECT_EXPORT);
		for (const name of migration.new_sqlite_classes ?? []) exports.set(name, OBJECT_EXPORT);
		for (const name of migration.new_classes ?? []) {
			exports.set(name, { ...OBJECT_EXPORT, storage: 'legacy-kv' });
		}
	}
	return exports;
}
