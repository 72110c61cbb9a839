import { createHash } from 'node:crypto';

/** A Lua script, which Redis runs at once, without commands of others in between. */
export interface Script {
	readonly text: string;
	/** The name of the script in Redis. */
	readonly sha: string;
}

export function script(text: string): Script {
	return { text, sha: createHash('sha1').update(text).digest('hex') };
}
