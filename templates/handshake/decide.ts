/** The response that refuses a handshake, or nothing. */
export type Verdict<Answer> = Answer | false | undefined | Promise<Answer | false | undefined>;

/** A runtime's decisions about a handshake. A decision may be absent. */
export interface HandshakeDecisions<Answer> {
	/** The limits of connections and handshakes. */
	limits?(): Verdict<Answer>;
	/** Whether the origin may connect. */
	origin(): Verdict<Answer>;
	/** Whether the offered subprotocols are well formed, unless the runtime checked them earlier. */
	protocols?(): Verdict<Answer>;
	/** Lets the answering site take over the handshake. From here on its own hooks run. */
	claim?(): Verdict<Answer>;
	/** Whether the site is shutting down. */
	closing?(): Verdict<Answer>;
	/** The `verifyClient` hook. */
	verify(): Verdict<Answer>;
}

/** Cheap decisions come first. No code of the site runs for a forbidden origin. */
const ORDER = ['limits', 'origin', 'protocols', 'claim', 'closing', 'verify'] as const;

/**
 * Decides whether a handshake continues to the site's routes. The order is the same on every
 * runtime.
 *
 * @returns The response that refuses the handshake; `undefined` if it continues.
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
