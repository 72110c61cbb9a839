import type { ChannelKey } from '../../../realtime/channel/key.ts';
import type { PresenceEntry } from '../../../realtime/channel/ports.ts';
import { MAX_REVOCATIONS, REVOCATION_LIFETIME } from '../../engine/limits.ts';
import type { Revocation } from '../../engine/message.ts';
import { SharedRoster, type SharedRosterInit } from '../../engine/shared-roster.ts';
import type { Commands } from '../connection/commands.ts';
import type { Keys } from '../connection/keys.ts';
import { REVOKE } from '../scripts/site.ts';
import type { Leases } from '../sessions/leases.ts';
import type { Channels } from './channels.ts';

export interface RedisRosterInit extends SharedRosterInit {
	readonly commands: Pick<Commands, 'run' | 'send'>;
	readonly channels: Channels;
	readonly keys: Keys;
	readonly leases: Leases;
}

/** Presence, sessions and revocations of all processes. */
export class RedisRoster extends SharedRoster {
	readonly #init: RedisRosterInit;
	/** The newest revocation that was read. It does not follow those that arrive: others may be missing. */
	#read: string | undefined;

	constructor(init: RedisRosterInit) {
		super(init);
		this.#init = init;
	}

	async present(channel: ChannelKey): Promise<readonly PresenceEntry[]> {
		const members = await this.#members(channel);
		this.reapUnknown(
			channel,
			members.map(({ owner }) => owner),
		);
		return members.map(({ entry }) => entry);
	}

	async revoke(channel: ChannelKey, userId: string): Promise<void> {
		const { commands, keys } = this.#init;
		const revocation: Revocation = [channel, userId];
		await commands.run(
			REVOKE,
			[keys.revocations],
			[keys.site, JSON.stringify(revocation), MAX_REVOCATIONS, REVOCATION_LIFETIME],
		);
	}

	/** There is a connection. No member has joined before the first one. */
	connected(): void {
		this.#read ??= `${this.#init.leases.time}-0`;
	}

	/** Reads revocations that were missed. */
	async readRevocations(): Promise<void> {
		if (this.#read === undefined) return;
		const { commands, keys } = this.#init;
		const missed = (await commands.send(
			'XRANGE',
			keys.revocations,
			`(${this.#read}`,
			'+',
		)) as readonly (readonly [Buffer, readonly [Buffer, Buffer]])[];
		for (const [name, [, revocation]] of missed) {
			this.#read = String(name);
			this.revoked(this.#read, JSON.parse(String(revocation)));
		}
	}

	async #members(channel: ChannelKey): Promise<readonly Member[]> {
		const { commands, keys, channels } = this.#init;
		const fields = (await commands.send(
			'HGETALL',
			keys.channel(channel).present,
		)) as readonly Buffer[];
		let newest = 0;
		const members: Member[] = [];
		for (let index = 0; index < fields.length; index += 2) {
			const value = String(fields[index + 1]);
			if (String(fields[index]) === '#') newest = Number(value);
			else members.push(readMember(value));
		}
		channels.hasReadPresence(channel, newest);
		return members.sort((one, other) => one.change - other.change);
	}
}

interface Member {
	/** The number of its last change. */
	readonly change: number;
	/** The id of its process. */
	readonly owner: string;
	readonly entry: PresenceEntry;
}

/** Reads a member as the scripts write it: its change, its owner, and its data. */
function readMember(value: string): Member {
	const first = value.indexOf(' ');
	const second = value.indexOf(' ', first + 1);
	return {
		change: Number(value.slice(0, first)),
		owner: value.slice(first + 1, second),
		entry: JSON.parse(value.slice(second + 1)),
	};
}
