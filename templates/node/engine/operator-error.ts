/** Why an engine cannot work, or does not work now, for the site's operator. */
export class OperatorError extends Error {
	override readonly name = 'RealtimeEngineError';
	readonly code: string;
	/** Whether a server that starts has to stop: nothing changes until somebody acts. */
	readonly isFinal: boolean;

	/**
	 * @param message What is wrong: a sentence.
	 * @param hint The next step: a sentence.
	 */
	constructor(code: string, message: string, hint: string, isFinal: boolean) {
		super(`${message}\n  hint: ${hint}`);
		this.code = code;
		this.isFinal = isFinal;
		// It is about the set-up of the site, and not about a place in the code.
		this.stack = `${this.name}: ${this.message}`;
	}
}
