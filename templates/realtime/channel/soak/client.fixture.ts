import { RealtimeError } from '../../protocol/errors.ts';
import type { Channel } from '../members/channel.ts';
import type { Member, MemberRecord } from '../members/member.ts';
import type { Link, Roster, Session } from '../ports.ts';
import type { Position } from '../position.ts';
import { Checks, type Facts } from './checks.fixture.ts';

/** What a client needs of the soak that it is part of. */
export interface SoakWorld extends Facts {
	readonly roster: Roster;
	/** That of the process which runs now. */
	readonly channel: Channel;
}

/** A member that comes and goes as a client does, and has everything checked that it gets. */
export class SoakClient {
	isReading = true;
	#session: Session | undefined;
	readonly #world: SoakWorld;
	readonly #name: string;
	readonly #checks: Checks;
	#member: Member | undefined;
	#ref = 0;
	#ids = 0;
	#ready: Promise<void> | undefined;
	#unblock: () => void = () => {};
	#connection = 0;
	/** What restores the member. */
	#kept: { readonly record: MemberRecord | undefined; readonly owesAnswer: boolean } | undefined;

	constructor(world: SoakWorld, index: number) {
		this.#world = world;
		this.#name = `client ${index}`;
		this.#checks = new Checks(world, this.#name);
	}

	toggleReading(): void {
		this.isReading = !this.isReading;
		if (this.isReading) {
			this.#ready = undefined;
			this.#unblock();
		} else {
			this.#ready = new Promise((resolve) => {
				this.#unblock = resolve;
			});
		}
	}

	drop(isClean: boolean): void {
		const member = this.#member;
		this.processDied();
		member?.disconnected(isClean);
	}

	processDied(): void {
		this.#member = undefined;
		this.#connection++;
	}

	async reconnect(): Promise<void> {
		const { roster, channel } = this.#world;
		if (this.#member !== undefined) return;
		const { secret = '' } = this.#session ?? {};
		let session = await roster.resumeSession(secret, undefined);
		if (session === undefined) {
			session = await roster.openSession(undefined);
			this.#checks.sessionLost();
		}
		this.#session = session;
		const member = channel.ask({
			link: this.#link(session),
			ref: ++this.#ref,
			user: undefined,
			params: {},
			data: {},
		});
		this.#member = member;
		const since = this.#checks.position;
		if (since !== undefined) this.#world.counts.resumes++;
		try {
			await member.admit({ since, mayReadHistory: true });
			for (const [id, data] of this.#checks.unanswered) member.message({ id, name: 'say', data });
		} catch (error) {
			if (!(error instanceof RealtimeError)) throw error;
			if (this.#member === member) this.#member = undefined;
		}
	}

	/** The process has slept. The connection lived through it, unless it waits for an answer. */
	restore(): void {
		if (this.#member === undefined || this.#session === undefined) return;
		const { record, owesAnswer } = this.#kept ?? {};
		if (record === undefined) {
			this.processDied();
			return;
		}
		this.#member = this.#world.channel.restore(
			{
				link: this.#link(this.#session),
				ref: this.#ref,
				user: undefined,
				params: {},
				data: record.data,
			},
			record,
		);
		this.#world.counts.restored++;
		if (owesAnswer) this.drop(false);
	}

	sendMessage(): void {
		const id = ++this.#ids;
		const data = `${this.#name} message ${id}`;
		if (this.#checks.unanswered.length > 10) return;
		this.#checks.sent(id, data);
		this.#member?.message({ id, name: 'say', data });
	}

	/** The soak has ended, and this client has had time for everything. */
	checkEnd(head: Position): void {
		this.#checks.ended(head);
	}

	/** A new connection, or the same one in a process that has slept. */
	#link(session: Session): Link {
		this.#connection++;
		const connection = this.#connection;
		return {
			session,
			send: ({ content }) => {
				if (connection === this.#connection) this.#receive(JSON.parse(String(content)));
			},
			ready: () => this.#ready,
			changed: () => {
				const member = this.#member;
				if (connection !== this.#connection || member === undefined) return;
				this.#kept = { record: member.record, owesAnswer: member.owesAnswer };
			},
		};
	}

	#receive(frame: unknown[]): void {
		const [type, number, ...parts] = frame;
		const checks = this.#checks;
		if (type === 'joined') checks.joined((parts[1] as { position: Position }).position);
		else if (type === 'event') checks.event(String(parts[0]), parts[6]);
		else if (type === 'snapshot') checks.snapshot(String(parts[0]), parts[5]);
		else if (type === 'gap') checks.gap(String(parts[1]));
		else if (type === 'left') this.#member = undefined;
		else if (type === 'reply' || type === 'error') {
			// A join that has ended gets no answer: its messages are sent again with the next one.
			if (this.#member === undefined || number !== this.#ref) return;
			const id = Number(parts[0]);
			if (type === 'reply') checks.replied(id, parts[1]);
			else checks.failed(id, (parts[1] as { code: string }).code);
		}
	}
}
