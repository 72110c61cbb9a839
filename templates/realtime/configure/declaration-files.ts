import { writeFileSync } from 'node:fs';
import type { AstroIntegration } from 'astro';
import { findRealtimeFiles, type ProjectFolders } from './files.ts';
import { type Declarations, realtimeTypes } from './types.ts';

type Done = Parameters<NonNullable<AstroIntegration['hooks']['astro:config:done']>>[0];

/** The files in the site's `.astro` folder that type its channels. */
export class DeclarationFiles {
	readonly #folders: ProjectFolders;
	readonly #packageName: string;
	/** The places of the files that Astro wrote, by their name. */
	readonly #places = new Map<string, URL>();

	/** @param packageName The package whose `/realtime` has the types. */
	constructor(folders: ProjectFolders, packageName: string) {
		this.#folders = folders;
		this.#packageName = packageName;
	}

	/** Lets Astro write them. */
	inject({ injectTypes }: Pick<Done, 'injectTypes'>): void {
		for (const declaration of realtimeTypes(findRealtimeFiles(this.#folders), this.#packageName)) {
			// Since Astro 4.14.
			const place = injectTypes?.({ ...declaration });
			if (place !== undefined) this.#places.set(declaration.filename, place);
		}
	}

	/** Writes them again, after Astro has written them once. */
	write(declarations: readonly Declarations[]): void {
		for (const { filename, content } of declarations) {
			const place = this.#places.get(filename);
			if (place !== undefined) writeFileSync(place, content);
		}
	}
}
