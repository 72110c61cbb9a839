import { MAX_CLAIMS } from '../../../realtime/channel/limits.ts';
import type { Claim, Host } from '../../../realtime/channel/ports.ts';
import { unavailable } from '../../engine/answers.ts';
import {
	LEASE,
	MAX_UNWRITTEN,
	OUTCOME_PATIENCE,
	OUTCOME_POLL,
	SESSION_LIFETIME,
	SETTLE_DELAY,
} from '../../engine/limits.ts';
import type { Argument } from '../connection/client.ts';
import type { Commands } from '../connection/commands.ts';
import { CLAIMS } from '../scripts/session.ts';
import type { Leases } from './leases.ts';

type Name = 'claim' | 'settle' | 'release' | 'look';

interface Operation {
	readonly name: Name;
	/** The key of the session. */
	readonly session: string;
	readonly message: number;
	/** The id of this process, as the claim has it. */
	readonly process: string;
	readonly result: string;
	readonly isNeeded: () => boolean;
	readonly resolve: (field: string) => void;
	readonly reject: (error: unknown) => void;
}

/** A claim of this process, until Redis has its result. */
interface OwnClaim {
	/** The key of the session. */
	readonly session: string;
	/** The id of this process at that time. It takes another one after its lease has ended. */
	readonly process: string;
	/** Set when the handler has ended. */
	settled: string | undefined;
	readonly outcome: Promise<string>;
	readonly resolve: (outcome: string) => void;
}

export interface ClaimsInit {
	readonly commands: Pick<Commands, 'run'>;
	readonly leases: Pick<Leases, 'process' | 'isAlive'>;
	readonly host: Pick<Host, 'alarm' | 'report'>;
	/** Whether Redis is a Cluster, whose commands must keep to keys that lie together. */
	readonly isCluster: () => boolean;
}

/** Operations of one command. */
const AT_ONCE = 200;

/**
 * The claims of messages in Redis. All claims of a moment are one command. Results of handlers wait
 * a few milliseconds for the next one.
 */
export class Claims {
	readonly #init: ClaimsInit;
	/** By session and message. */
	readonly #own = new Map<string, OwnClaim>();
	/**
	 * Claims that Redis may have, but whose handlers will not start: by session, message, and the id of
	 * this process then.
	 */
	readonly #abandoned = new Set<string>();
	/** Operations that wait for the end of the moment. */
	#waiting: Operation[] = [];
	/** Results, and claims to give back, that wait for the next operations; and what forgets them. */
	#lazy = new Map<Operation, () => void>();
	#isScheduled = false;
	#cancelLazy: (() => void) | undefined;

	constructor(init: ClaimsInit) {
		this.#init = init;
	}

	/**
	 * @param secret The secret of the session.
	 * @param session The key of the session.
	 * @throws RealtimeError if the message must not be handled.
	 */
	async claim(secret: string, session: string, message: number): Promise<Claim> {
		const key = keyOf(secret, message);
		const known = this.#known(key);
		if (known !== undefined) return known;
		const { process } = this.#init.leases;
		let field: string;
		try {
			field = await this.#ask('claim', session, message, process);
		} catch {
			const claim = `${key} ${process}`;
			this.#abandoned.add(claim);
			this.#later(claim, { name: 'release', session, message, process, result: '' });
			throw unavailable('The message was not handled: the realtime engine cannot be reached.');
		}
		const meanwhile = this.#known(key);
		if (meanwhile !== undefined) return meanwhile;
		const owner = field === '' ? process : field;
		const isAbandoned = this.#abandoned.delete(`${key} ${owner}`);
		if (field === '' || isAbandoned) {
			this.#own.set(key, ownClaim(session, owner));
			return { state: 'claimed' };
		}
		if (field.startsWith('=')) return { state: 'settled', outcome: field.slice(1) };
		return { state: 'running', outcome: this.#outcome(session, message, field) };
	}

	settle(secret: string, message: number, outcome: string): void {
		const key = keyOf(secret, message);
		const own = this.#own.get(key);
		if (own === undefined) return;
		own.settled = outcome;
		own.resolve(outcome);
		const { session, process } = own;
		this.#later(key, { name: 'settle', session, message, process, result: outcome });
	}

	/** The state of a claim of this process. */
	#known(key: string): Claim | undefined {
		const own = this.#own.get(key);
		if (own?.settled !== undefined) return { state: 'settled', outcome: own.settled };
		return own && { state: 'running', outcome: own.outcome };
	}

	/** Waits for the handler of another process. Resolves with undefined if it may have died. */
	async #outcome(session: string, message: number, process: string): Promise<string | undefined> {
		const { leases, host } = this.#init;
		// A claim of this process that it has forgotten.
		if (process === leases.process) return undefined;
		for (let waited = 0; waited < OUTCOME_PATIENCE; waited += OUTCOME_POLL) {
			const isAlive = leases.isAlive(process);
			if (isAlive === false || (isAlive === undefined && waited >= LEASE)) return undefined;
			await new Promise<void>((resolve) => host.alarm(OUTCOME_POLL, resolve));
			// In an outage nobody knows.
			const field = await this.#ask('look', session, message, process).catch(() => process);
			if (field.startsWith('=')) return field.slice(1);
			if (field !== process) return undefined;
		}
		return undefined;
	}

	#ask(name: Name, session: string, message: number, process: string): Promise<string> {
		return new Promise((resolve, reject) => {
			const isNeeded = (): boolean => true;
			this.#waiting.push({
				name,
				session,
				message,
				process,
				result: '',
				isNeeded,
				resolve,
				reject,
			});
			if (this.#isScheduled) return;
			this.#isScheduled = true;
			queueMicrotask(() => {
				this.#isScheduled = false;
				this.#send();
			});
		});
	}

	/** Does something with the next operations, or soon. */
	#later(key: string, given: Omit<Operation, 'isNeeded' | 'resolve' | 'reject'>): void {
		const isResult = given.name === 'settle';
		const done = (): void => {
			if (isResult) this.#own.delete(key);
			else this.#abandoned.delete(key);
		};
		const operation: Operation = {
			...given,
			isNeeded: () => isResult || this.#abandoned.has(key),
			resolve: done,
			// It is tried again with the next operations, or by `catchUp()`.
			reject: () => add(),
		};
		const add = (): void => {
			this.#lazy.set(operation, done);
			if (this.#lazy.size <= MAX_UNWRITTEN) return;
			// Nobody will ask for the oldest any more. If somebody does, it is uncertain.
			for (const [oldest, forget] of this.#lazy) {
				this.#lazy.delete(oldest);
				forget();
				break;
			}
		};
		add();
		this.#cancelLazy ??= this.#init.host.alarm(SETTLE_DELAY, () => {
			this.#cancelLazy = undefined;
			this.#send();
		});
	}

	/** Writes what an outage left. */
	catchUp(): void {
		if (this.#lazy.size > 0) this.#send();
	}

	#send(): void {
		this.#cancelLazy?.();
		this.#cancelLazy = undefined;
		// A claim is given back before it is claimed again, but not after that.
		const lazy = [...this.#lazy.keys()].filter(({ isNeeded }) => isNeeded());
		const operations = [...lazy, ...this.#waiting];
		this.#lazy = new Map();
		this.#waiting = [];
		for (const part of this.#parts(operations)) void this.#run(part);
	}

	*#parts(operations: readonly Operation[]): Generator<readonly Operation[]> {
		const groups = new Map<string, Operation[]>();
		for (const operation of operations) {
			const slot = this.#init.isCluster()
				? operation.session.slice(0, operation.session.indexOf('}'))
				: '';
			const group = groups.get(slot) ?? [];
			groups.set(slot, group);
			group.push(operation);
		}
		for (const group of groups.values()) {
			for (let start = 0; start < group.length; start += AT_ONCE) {
				yield group.slice(start, start + AT_ONCE);
			}
		}
	}

	async #run(operations: readonly Operation[]): Promise<void> {
		const { commands } = this.#init;
		const keys = operations.map(({ session }) => session);
		const args = operations.flatMap(({ name, message, process, result }): Argument[] => [
			name,
			message,
			process,
			result,
		]);
		try {
			const fields = (await commands.run(CLAIMS, keys, [
				SESSION_LIFETIME,
				MAX_CLAIMS,
				...args,
			])) as readonly Buffer[];
			for (const [index, { resolve }] of operations.entries()) {
				resolve(String(fields[index] ?? ''));
			}
		} catch (error) {
			for (const { reject } of operations) reject(error);
		}
	}
}

function ownClaim(session: string, process: string): OwnClaim {
	let resolve: (outcome: string) => void = () => {};
	const outcome = new Promise<string>((settle) => {
		resolve = settle;
	});
	return { session, process, settled: undefined, outcome, resolve };
}

function keyOf(secret: string, message: number): string {
	return `${secret} ${message}`;
}
