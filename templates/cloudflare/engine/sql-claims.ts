import { MAX_CLAIMS } from '../../realtime/channel/limits.ts';
import type { Claim } from '../../realtime/channel/ports.ts';
import { RealtimeError } from '../../realtime/protocol/errors.ts';
import type { Tables } from './tables.ts';

/** The outcome of a handler that died with its object. */
const DIED: Promise<undefined> = Promise.resolve(undefined);

const CLAIMED: Claim = { state: 'claimed' };

/** Writes no row, but to the runtime it is a write. */
const TOUCH = 'DELETE FROM claims WHERE 0';

/** A handler that runs in this object since it woke. Seldom does anyone wait for its outcome. */
interface Running {
	/** Whether a handler may start again in an object that has forgotten this one. */
	readonly mayRunAgain: boolean;
	/** Whether the claim is stored, so that no later object starts the handler again. */
	isStored: boolean;
	outcome?: Promise<string>;
	resolve?: (outcome: string) => void;
}

/** What the object has in memory about a session. */
interface SessionClaims {
	/** The highest claimed message, once it is known. Forgotten with the connection. */
	highest: number | undefined;
	readonly running: Map<number, Running>;
}

/** The claimed messages of one object's sessions in its SQLite. */
export class SqlClaims {
	readonly #tables: Tables;
	readonly #isKnown: (secret: string) => boolean;
	readonly #sessions = new Map<string, SessionClaims>();

	/** @param isKnown Whether a session has not ended. */
	constructor(tables: Tables, isKnown: (secret: string) => boolean) {
		this.#tables = tables;
		this.#isKnown = isKnown;
	}

	/** A session is new. */
	opened(secret: string): void {
		this.#sessions.set(secret, { highest: 0, running: new Map() });
	}

	/** A session has no connection any more. */
	closed(secret: string): void {
		const session = this.#sessions.get(secret);
		// A handler of it may run on.
		if (session !== undefined) session.highest = undefined;
	}

	/** Forgets the messages of a session. */
	ended(secret: string): void {
		this.#sessions.delete(secret);
		this.#tables.change('claims', 'DELETE FROM claims WHERE secret = ?', secret);
	}

	/** @throws RealtimeError if the session has ended. */
	claim(secret: string, message: number, mayRunAgain: boolean): Claim {
		const session = this.#sessions.get(secret) ?? { highest: undefined, running: new Map() };
		// A client numbers its messages upwards: most are new, and need not be looked up.
		const isNew = message > (session.highest ?? Number.POSITIVE_INFINITY);
		const known = isNew ? undefined : this.#known(secret, message, session.running.get(message));
		if (known !== undefined) return known;
		const running = { mayRunAgain, isStored: false };
		if (!mayRunAgain) {
			// From here on the runtime holds back what the handler sends until all writes of this turn are
			// stored, and the claim is one of them. So most claims are written once, with their outcome.
			this.#tables.write('claims', TOUCH);
		}
		if (isNew) session.highest = message;
		else {
			session.highest = Math.max(session.highest ?? this.#highest(secret), message);
			this.#sessions.set(secret, session);
		}
		session.running.set(message, running);
		return CLAIMED;
	}

	settle(secret: string, message: number, outcome: string): void {
		const session = this.#sessions.get(secret);
		const running = session?.running.get(message);
		session?.running.delete(message);
		if (running?.mayRunAgain) this.#storeOutcome(secret, message, outcome);
		else if (running?.isStored === false) this.#store(secret, message, outcome);
		else {
			this.#tables.change(
				'claims',
				'UPDATE claims SET outcome = ? WHERE secret = ? AND slot = ? AND message = ?',
				outcome,
				secret,
				message % MAX_CLAIMS,
				message,
			);
		}
		running?.resolve?.(outcome);
	}

	/** Stores a claim whose handler takes longer than this turn of the process. */
	outlastsTurn(secret: string, message: number): void {
		const running = this.#sessions.get(secret)?.running.get(message);
		if (running === undefined || running.mayRunAgain) return;
		this.#store(secret, message, null);
		running.isStored = true;
	}

	/** @param outcome Null for a handler that still runs. */
	#store(secret: string, message: number, outcome: string | null): void {
		this.#tables.write(
			'claims',
			'REPLACE INTO claims (secret, slot, message, outcome) VALUES (?, ?, ?, ?)',
			secret,
			message % MAX_CLAIMS,
			message,
			outcome,
		);
	}

	/** Stores a claim with its outcome, unless the session has ended meanwhile. */
	#storeOutcome(secret: string, message: number, outcome: string): void {
		this.#tables.write(
			'claims',
			`REPLACE INTO claims (secret, slot, message, outcome)
				SELECT secret, ?, ?, ? FROM sessions WHERE secret = ?`,
			message % MAX_CLAIMS,
			message,
			outcome,
			secret,
		);
	}

	/** @throws RealtimeError if the session has ended. */
	#known(secret: string, message: number, running: Running | undefined): Claim | undefined {
		if (!this.#isKnown(secret)) {
			throw new RealtimeError({ code: 'UNCERTAIN', message: 'The session has ended.' });
		}
		if (running !== undefined) return { state: 'running', outcome: outcomeOf(running) };
		const [row] = this.#tables.read(
			'claims',
			'SELECT message, outcome FROM claims WHERE secret = ? AND slot = ?',
			secret,
			message % MAX_CLAIMS,
		);
		const known = Number(row?.message ?? 0);
		if (row === undefined || known < message) return undefined;
		// The result of an older message made room for a newer one.
		if (known > message) return { state: 'running', outcome: DIED };
		if (row.outcome !== null) return { state: 'settled', outcome: String(row.outcome) };
		return { state: 'running', outcome: DIED };
	}

	#highest(secret: string): number {
		const [row] = this.#tables.read(
			'claims',
			'SELECT max(message) AS highest FROM claims WHERE secret = ?',
			secret,
		);
		return Number(row?.highest ?? 0);
	}
}

function outcomeOf(running: Running): Promise<string> {
	running.outcome ??= new Promise((resolve) => {
		running.resolve = resolve;
	});
	return running.outcome;
}
