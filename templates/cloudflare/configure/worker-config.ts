import { OBJECT_CLASS } from '../realtime/base/names.ts';

/** The used part of a Worker's configuration, as Wrangler reads it for the chosen environment. */
export interface WorkerConfig {
	/** The absolute path of the configuration file, if there is one. */
	readonly configPath?: string | undefined;
	/** The environment that the configuration is for, if one is chosen. */
	readonly targetEnvironment?: string | undefined;
	readonly main?: string | undefined;
	readonly compatibility_date?: string | undefined;
	readonly compatibility_flags?: readonly string[] | undefined;
	readonly durable_objects?: DurableObjects | undefined;
	readonly migrations?: readonly Migration[] | undefined;
	readonly exports?: Readonly<Record<string, WorkerExport>> | undefined;
	readonly previews?: { readonly durable_objects?: DurableObjects | undefined } | undefined;
}

export interface DurableObjects {
	readonly bindings?: readonly Binding[] | undefined;
}

export interface Binding {
	readonly name: string;
	readonly class_name: string;
	readonly script_name?: string | undefined;
}

/** A step of the history of a Worker's classes. */
export interface Migration {
	readonly tag: string;
	readonly new_classes?: readonly string[] | undefined;
	readonly new_sqlite_classes?: readonly string[] | undefined;
	readonly deleted_classes?: readonly string[] | undefined;
	readonly renamed_classes?: readonly { readonly from: string; readonly to: string }[] | undefined;
	readonly transferred_classes?: readonly { readonly to: string }[] | undefined;
}

/** A declared class. */
export interface WorkerExport {
	readonly type: string;
	/** Missing for a class that exists. */
	readonly state?: string | undefined;
	readonly storage?: string | undefined;
}

/** The entry that declares the class, where there are no migrations. */
export const OBJECT_EXPORT: WorkerExport = { type: 'durable-object', storage: 'sqlite' };

/** The migration that declares it, where there are. */
export const OBJECT_MIGRATION: Migration = {
	tag: 'zastro-realtime',
	new_sqlite_classes: [OBJECT_CLASS],
};
