/** Nothing, or the answer that refuses a handshake. */
export type Verdict<Answer> = Answer | false | undefined | Promise<Answer | false | undefined>;

/** The decisions about a handshake, as a runtime makes them. One that it does not make is absent. */
export interface HandshakeDecisions<Answer> {
	/** The limits of connections and handshakes. */
	limits?(): Verdict<Answer>;
	/** Whether a page of that origin may connect. */
	origin(): Verdict<Answer>;
	/** Whether the offered subprotocols are well formed, where the runtime has not looked before. */
	protocols?(): Verdict<Answer>;
	/** The site that answers takes the handshake over: from here on its own hooks are asked. */
	claim?(): Verdict<Answer>;
	/** Whether the site is shutting down. */
	closing?(): Verdict<Answer>;
	/** The `verifyClient` hook. */
	verify(): Verdict<Answer>;
}

/** What costs little comes first. No code of the site runs for a page that may not connect. */
const ORDER = ['limits', 'origin', 'protocols', 'claim', 'closing', 'verify'] as const;

/**
 * Decides whether a handshake goes on to the site's routes. The order is the same on every runtime.
 *
 * @returns The answer that refuses it; `undefined` if it goes on.
 */
export async function decide<Answer extends object | true>(
	decisions: HandshakeDecisions<Answer>,
): Promise<Answer | undefined> {
	for (const decision of ORDER) {
		const answer = await decisions[decision]?.();
		if (answer) return answer;
	}
	return undefined;
}
