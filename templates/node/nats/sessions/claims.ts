import { dropOldest } from '../../../realtime/channel/drop-oldest.ts';
import type { Claim, Host } from '../../../realtime/channel/ports.ts';
import { isUndone, unavailable } from '../../engine/answers.ts';
import {
	LEASE,
	MAX_UNWRITTEN,
	OUTCOME_PATIENCE,
	OUTCOME_POLL,
	SESSION_LIFETIME,
} from '../../engine/limits.ts';
import { Slots } from '../../engine/slots.ts';
import type { Store } from '../connection/store.ts';
import type { Leases } from './leases.ts';

/** A claim of this process, until NATS has its result. */
interface OwnClaim {
	readonly key: string;
	readonly subject: string;
	/** The sequence of the claim's record. */
	readonly sequence: number;
	/** Set when the handler has ended. */
	settled: string | undefined;
	readonly outcome: Promise<string>;
	readonly resolve: (outcome: string) => void;
}

export interface ClaimsInit {
	readonly store: Pick<Store, 'last' | 'put'>;
	readonly leases: Pick<Leases, 'process' | 'isAlive'>;
	readonly host: Pick<Host, 'alarm' | 'report'>;
}

/** Seconds for which a claim is kept after its last change. */
const LIFETIME = SESSION_LIFETIME / 1000;

/** Claims that are written at once after an outage: what is sent meanwhile does not wait long. */
const AT_ONCE = 100;

/** The mark of a result. A claim that was given back is empty. */
const SETTLED = '=';

/**
 * The claims of messages. Each has a subject, whose first record the server takes from one process
 * alone. It is the process whose handler runs; the next one is the result.
 */
export class Claims {
	readonly #init: ClaimsInit;
	/** By session and message. */
	readonly #own = new Map<string, OwnClaim>();
	/**
	 * Subjects of claims that NATS may have, but whose handlers will not start; and the ids of this
	 * process then. It takes another one after its lease has ended.
	 */
	readonly #abandoned = new Map<string, Set<string>>();
	/** Results that could not be written. */
	readonly #unwritten = new Set<OwnClaim>();
	#catchingUp: Promise<void> | undefined;

	constructor(init: ClaimsInit) {
		this.#init = init;
	}

	/**
	 * @param secret The secret of the session.
	 * @param claims The beginning of the subjects of its claims.
	 * @throws RealtimeError if the message must not be handled.
	 */
	async claim(secret: string, claims: string, message: number): Promise<Claim> {
		const key = keyOf(secret, message);
		const subject = claims + message;
		const known = this.#known(key);
		if (known !== undefined) return known;
		const { store, leases } = this.#init;
		const { process } = leases;
		try {
			for (let after = 0; ; ) {
				const sequence = await store.put({ subject, data: process, after, lifetime: LIFETIME });
				const meanwhile = this.#known(key);
				if (meanwhile !== undefined) return meanwhile;
				if (sequence !== undefined) return this.#begin(key, subject, sequence);
				const found = await store.last(subject);
				const data = found?.data.toString() ?? '';
				if (data.startsWith(SETTLED)) return { state: 'settled', outcome: data.slice(1) };
				const began = this.#known(key);
				if (began !== undefined) return began;
				// One that is abandoned is claimed by another record: it may be given back at this moment.
				const isFree = data === '' || this.#abandoned.get(subject)?.has(data);
				if (!isFree) return { state: 'running', outcome: this.#outcome(subject, data) };
				after = found?.sequence ?? 0;
			}
		} catch (error) {
			if (!isUndone(error)) {
				this.#abandoned.set(subject, (this.#abandoned.get(subject) ?? new Set()).add(process));
				// Nobody will ask for the oldest any more. If somebody does, it is uncertain.
				dropOldest(this.#abandoned, MAX_UNWRITTEN);
			}
			throw unavailable('The message was not handled: the realtime engine cannot be reached.');
		}
	}

	settle(secret: string, message: number, outcome: string): void {
		const own = this.#own.get(keyOf(secret, message));
		if (own === undefined) return;
		own.settled = outcome;
		own.resolve(outcome);
		void this.#write(own);
	}

	/** Writes what an outage left. */
	catchUp(): void {
		this.#catchingUp ??= this.#catchUp().finally(() => {
			this.#catchingUp = undefined;
		});
	}

	async #catchUp(): Promise<void> {
		const results = [...this.#unwritten].map((own) => async () => {
			if (this.#unwritten.delete(own)) await this.#write(own);
		});
		const claims = [...this.#abandoned.keys()].map((subject) => () => this.#giveBack(subject));
		const slots = new Slots(AT_ONCE);
		await Promise.all([...results, ...claims].map((write) => slots.run(write)));
	}

	#begin(key: string, subject: string, sequence: number): Claim {
		this.#abandoned.delete(subject);
		let resolve: (outcome: string) => void = () => {};
		const outcome = new Promise<string>((settle) => {
			resolve = settle;
		});
		this.#own.set(key, { key, subject, sequence, settled: undefined, outcome, resolve });
		return { state: 'claimed' };
	}

	/** The state of a claim of this process. */
	#known(key: string): Claim | undefined {
		const own = this.#own.get(key);
		if (own?.settled !== undefined) return { state: 'settled', outcome: own.settled };
		return own && { state: 'running', outcome: own.outcome };
	}

	/** Waits for the handler of another process. Resolves with undefined if it may have died. */
	async #outcome(subject: string, process: string): Promise<string | undefined> {
		const { store, leases, host } = this.#init;
		// A claim of this process that it has forgotten.
		if (process === leases.process) return undefined;
		for (let waited = 0; waited < OUTCOME_PATIENCE; waited += OUTCOME_POLL) {
			const isAlive = leases.isAlive(process);
			if (isAlive === false || (isAlive === undefined && waited >= LEASE)) return undefined;
			await new Promise<void>((resolve) => host.alarm(OUTCOME_POLL, resolve));
			let data: string;
			try {
				data = (await store.last(subject))?.data.toString() ?? '';
			} catch {
				// In an outage nobody knows.
				continue;
			}
			if (data.startsWith(SETTLED)) return data.slice(1);
			if (data !== process) return undefined;
		}
		return undefined;
	}

	async #write(own: OwnClaim): Promise<void> {
		const { subject, sequence, settled } = own;
		try {
			// Refused if an earlier try was written, whose answer was lost.
			await this.#init.store.put({
				subject,
				data: SETTLED + settled,
				after: sequence,
				lifetime: LIFETIME,
			});
			this.#own.delete(own.key);
		} catch {
			this.#unwritten.add(own);
			// Nobody will ask for the oldest any more. If somebody does, it is uncertain.
			const oldest = dropOldest(this.#unwritten, MAX_UNWRITTEN);
			if (oldest !== undefined) this.#own.delete(oldest.key);
		}
	}

	/** Another process may handle the message. */
	async #giveBack(subject: string): Promise<void> {
		const { store } = this.#init;
		try {
			const found = await store.last(subject);
			if (found !== undefined && this.#abandoned.get(subject)?.has(found.data.toString())) {
				await store.put({ subject, data: '', after: found.sequence, lifetime: 1 });
			}
			this.#abandoned.delete(subject);
		} catch {
			// It is tried again after the outage.
		}
	}
}

function keyOf(secret: string, message: number): string {
	return `${secret} ${message}`;
}
