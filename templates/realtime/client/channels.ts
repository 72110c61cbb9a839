import type { Address } from './base/types.ts';

/** Makes the address of a channel from its name on the wire and its parameters. */
export type OpenAddress = (name: string, params: Readonly<Record<string, string>>) => Address;

/**
 * `channels.teams.rooms({ team, room })` opens `teams/rooms`.
 *
 * @param path The folder, for those below the first one.
 */
export function createChannels(open: OpenAddress, path: string = ''): unknown {
	const channel = (params: Readonly<Record<string, string>> = {}): Address => {
		for (const name in params) {
			if (typeof params[name] !== 'string') throw new TypeError(`\`${name}\` must be a string.`);
		}
		return open(path, { ...params });
	};
	return new Proxy(channel, {
		get(target, key) {
			// Names of Function's and Object's members are no channels. Promises ask for `then`, JSON
			// for `toJSON`, and frameworks for names with `_` and `$$`.
			return typeof key === 'symbol' ||
				key in target ||
				/^(_|\$\$|(then|toJSON|prototype)$)/.test(key)
				? target[key as never]
				: createChannels(open, (path && `${path}/`) + key);
		},
	});
}
