import { MemoryRoster } from '../../memory/memory-roster.ts';
import { ManualHost, rulesOf, settled } from '../channel.fixture.ts';
import { FaultyLog } from '../faulty-log.fixture.ts';
import { followLog } from '../log/feed.ts';
import type { Ports, Roster } from '../ports.ts';
import type { ChannelRules, MemberView } from '../rules.ts';
import { Channel } from './channel.ts';
import { FakeLink } from './link.fixture.ts';
import type { JoinOptions, Member } from './member.ts';
import { Presence } from './presence.ts';

export const KEY: string = 'rooms%2F%5Broom%5D/lobby';

/** Presence whose data is taken as it is. */
export const PRESENCE: NonNullable<ChannelRules['presence']> = {
	of: 'user',
	parse: async (data: unknown, _member: MemberView) => data,
	follow: (init) => new Presence(init),
};

/** A channel with a faulty log and a clock in the test's hand. */
export class Stage {
	readonly host: ManualHost = new ManualHost();
	readonly log: FaultyLog = new FaultyLog(this.host);
	readonly roster: MemoryRoster & Pick<Roster, 'outlastsTurn'> = new MemoryRoster(this.host);
	readonly feed: Ports['feed'] = followLog;
	rules: ChannelRules;
	isIdle = false;
	readonly channel: Channel;
	#refs = 0;

	constructor(rules: ChannelRules = rulesOf()) {
		this.rules = rules;
		this.channel = new Channel({
			key: KEY,
			number: 7,
			rules: () => this.rules,
			ports: this,
			onIdle: () => {
				this.isIdle = true;
			},
		});
	}

	async link(userId?: string): Promise<FakeLink> {
		return new FakeLink(await this.roster.openSession(userId));
	}

	ask(link: FakeLink, userId?: string): Member {
		const user = userId === undefined ? undefined : { id: userId };
		return this.channel.ask({ link, ref: ++this.#refs, user, params: {}, data: undefined });
	}

	/** A client that has joined. */
	async join(
		options: Partial<JoinOptions> = {},
		userId?: string,
		link?: FakeLink,
	): Promise<{ link: FakeLink; member: Member }> {
		const used = link ?? (await this.link(userId));
		const member = this.ask(used, userId);
		await member.admit({ mayReadHistory: true, ...options });
		await settled();
		return { link: used, member };
	}

	publish(data: unknown): Promise<string> {
		const entry = { name: 'said', data: JSON.stringify(data), at: this.host.now() };
		return this.log.append(KEY, entry, this.rules.retention);
	}

	async publishAll(...all: unknown[]): Promise<void> {
		for (const data of all) await this.publish(data);
	}

	/** Reads after a position wait until the result is called, and get what the log has then. */
	holdReads(): () => void {
		const { log } = this;
		const after = log.after.bind(log);
		const { promise, resolve } = Promise.withResolvers<void>();
		log.after = async (...given) => {
			await promise;
			return after(...given);
		};
		return resolve;
	}

	/** Returns whether the log has taken it. */
	snapshot(data: unknown, upTo: string): Promise<boolean> {
		const entry = { name: 'all', data: JSON.stringify(data), at: this.host.now() };
		return this.log.snapshot(KEY, entry, upTo);
	}
}
