import { MAX_CLAIMS } from '../channel/limits.ts';
import type { Claim } from '../channel/ports.ts';

interface OwnClaim {
	message: number;
	/** The result in JSON, undefined while the handler runs. */
	settled: string | undefined;
	/** Made when the message comes again while its handler runs. */
	outcome: Promise<string> | undefined;
	resolve: ((outcome: string) => void) | undefined;
}

/**
 * The claimed messages of a session: the newest 128, and those whose handlers run. A client numbers
 * its messages upwards, so each number has a place of its own among the newest. They last as long as
 * the session: a handler may take longer than any time for them, and its message comes again then.
 */
export class Claims {
	readonly #newest: OwnClaim[] = [];
	/** Claims whose place has a later message: their handlers still ran then, or they came late. */
	#displaced: Map<number, OwnClaim> | undefined;

	take(message: number): Claim {
		const known = this.#find(message);
		if (known !== undefined) {
			if (known.settled !== undefined) return { state: 'settled', outcome: known.settled };
			return { state: 'running', outcome: outcomeOf(known) };
		}
		this.#place(message);
		return CLAIMED;
	}

	settle(message: number, outcome: string): void {
		const claim = this.#find(message);
		if (claim === undefined) return;
		claim.settled = outcome;
		claim.resolve?.(outcome);
	}

	#find(message: number): OwnClaim | undefined {
		const claim = this.#newest[message % MAX_CLAIMS];
		return claim?.message === message ? claim : this.#displaced?.get(message);
	}

	#place(message: number): void {
		const place = message % MAX_CLAIMS;
		const before = this.#newest[place];
		if (before === undefined || before.message > message || before.settled === undefined) {
			const claim = {
				message,
				settled: undefined,
				outcome: undefined,
				resolve: undefined,
			};
			if (before !== undefined && before.message > message) {
				this.#displace(claim);
				return;
			}
			if (before !== undefined) this.#displace(before);
			this.#newest[place] = claim;
			return;
		}
		// Used again: a claim for each message would be half of what a message allocates for good.
		before.message = message;
		before.settled = undefined;
		before.outcome = undefined;
		before.resolve = undefined;
	}

	#displace(claim: OwnClaim): void {
		this.#displaced ??= new Map();
		for (const [id, other] of this.#displaced) {
			if (this.#displaced.size < MAX_CLAIMS) break;
			if (other.settled !== undefined) this.#displaced.delete(id);
		}
		this.#displaced.set(claim.message, claim);
	}
}

const CLAIMED: Claim = { state: 'claimed' };

function outcomeOf(claim: OwnClaim): Promise<string> {
	claim.outcome ??= new Promise((resolve) => {
		claim.resolve = resolve;
	});
	return claim.outcome;
}
