import { OBJECT_BINDING, OBJECT_CLASS } from '../realtime/base/names.ts';
import {
	otherBinding,
	otherStorage,
	retired,
	unnamedByMigrations,
	unsupportedExports,
	type Wrong,
} from './object-errors.ts';
import {
	type Binding,
	type DurableObjects,
	type Migration,
	OBJECT_EXPORT,
	OBJECT_MIGRATION,
	type WorkerConfig,
	type WorkerExport,
} from './worker-config.ts';

/** A handler's `socket.send()` finds its user by `AsyncLocalStorage`, which these flags turn on. */
const STORAGE_FLAG = 'nodejs_als';
const STORAGE_FLAGS = [STORAGE_FLAG, 'nodejs_compat', 'nodejs_compat_v2'];

/** The Worker calls methods of the objects. This flag turns that on, before the date of its default. */
const CALLS_FLAG = 'rpc';
const CALLS_SINCE = '2024-04-03';

const BINDING: Binding = { name: OBJECT_BINDING, class_name: OBJECT_CLASS };

/** What the site says, and what is installed. */
export interface Circumstances {
	/** Whether the site has files in `src/realtime`. */
	readonly hasChannels: boolean;
	/** Whether Wrangler reads `exports`. Asked only if that matters. */
	readonly supportsExports: () => boolean;
}

/** What the configuration of the site's Worker needs for its channels. */
export interface Plan {
	/** Whether the Worker exports the class. */
	readonly exportsClass: boolean;
	/** Parts to merge into the configuration. Lists are added to those of the site. */
	readonly additions: WorkerConfig;
	/** Why a build with these additions cannot be deployed. They serve `astro dev`. */
	readonly undeployable?: Wrong;
}

/**
 * Decides how the class of channels is declared and bound.
 *
 * @returns The plan, or what is wrong with the site's configuration.
 */
export function planObject(config: WorkerConfig, circumstances: Circumstances): Plan | Wrong {
	const { hasChannels, supportsExports } = circumstances;
	const declaration = declarationOf(config);
	if (!hasChannels) {
		// The objects of earlier channels are there as long as the site declares their class.
		return { exportsClass: declaration === 'sqlite', additions: {} };
	}
	const bindings = bindingsFor(config.durable_objects);
	const inPreviews = bindingsFor(config.previews?.durable_objects);
	if (bindings === undefined || inPreviews === undefined) return otherBinding(config);
	if (declaration === 'retired') return retired(config);
	if (declaration === 'other storage') return otherStorage(config);

	const bound = {
		durable_objects: { bindings },
		previews: { durable_objects: { bindings: inPreviews } },
		...flagsFor(config),
	};
	if (declaration === 'sqlite') return { exportsClass: true, additions: bound };
	const inMemory = { ...bound, migrations: [OBJECT_MIGRATION] };
	if ((config.migrations ?? []).length > 0) {
		const undeployable = unnamedByMigrations(config, supportsExports());
		return { exportsClass: true, additions: inMemory, undeployable };
	}
	if (!supportsExports()) {
		return { exportsClass: true, additions: inMemory, undeployable: unsupportedExports(config) };
	}
	return {
		exportsClass: true,
		additions: { ...bound, exports: { [OBJECT_CLASS]: OBJECT_EXPORT } },
	};
}

/** The flags to add, unless the site has what does the same. */
function flagsFor({ compatibility_date, compatibility_flags = [] }: WorkerConfig): WorkerConfig {
	const flags: string[] = [];
	if (!compatibility_flags.some((flag) => STORAGE_FLAGS.includes(flag))) flags.push(STORAGE_FLAG);
	// A site without a date gets that of the build.
	const hasCalls = compatibility_date === undefined || compatibility_date >= CALLS_SINCE;
	if (!hasCalls && !compatibility_flags.includes(CALLS_FLAG)) flags.push(CALLS_FLAG);
	return flags.length === 0 ? {} : { compatibility_flags: flags };
}

/** The bindings to add, or undefined if the name is taken. */
function bindingsFor(declared: DurableObjects | undefined): readonly Binding[] | undefined {
	const taken = declared?.bindings?.find(({ name }) => name === OBJECT_BINDING);
	if (taken === undefined) return [BINDING];
	const isOurs = taken.class_name === OBJECT_CLASS && taken.script_name === undefined;
	return isOurs ? [] : undefined;
}

type Declaration = 'none' | 'sqlite' | 'other storage' | 'retired';

/** How the site's own configuration declares the class. */
function declarationOf({ exports = {}, migrations = [] }: WorkerConfig): Declaration {
	const entry = Object.hasOwn(exports, OBJECT_CLASS) ? exports[OBJECT_CLASS] : undefined;
	if (entry !== undefined) {
		if (!isLive(entry)) return 'retired';
		const isObject = entry.type === OBJECT_EXPORT.type && entry.storage === OBJECT_EXPORT.storage;
		return isObject ? 'sqlite' : 'other storage';
	}
	return migrations.reduce<Declaration>(
		(before, migration) => declarationIn(migration) ?? before,
		'none',
	);
}

function isLive({ state = 'created' }: WorkerExport): boolean {
	return state === 'created' || state === 'expecting-transfer';
}

function declarationIn(migration: Migration): Declaration | undefined {
	const { new_classes, new_sqlite_classes, deleted_classes } = migration;
	const { renamed_classes = [], transferred_classes = [] } = migration;
	if (new_sqlite_classes?.includes(OBJECT_CLASS)) return 'sqlite';
	if (new_classes?.includes(OBJECT_CLASS)) return 'other storage';
	if (deleted_classes?.includes(OBJECT_CLASS)) return 'retired';
	if (renamed_classes.some(({ from }) => from === OBJECT_CLASS)) return 'retired';
	const taken = [...renamed_classes, ...transferred_classes];
	// Another class becomes this one. Its storage is what it was, which is the site's choice.
	return taken.some(({ to }) => to === OBJECT_CLASS) ? 'sqlite' : undefined;
}
