/** Something that an engine is asked about, one question after the other. */
export interface Asked {
	/** The number of questions without an answer. */
	asked: number;
	/** Settled when all of them are answered. Never rejects. */
	answered: Promise<unknown>;
}

/** Asks once all before is answered: questions that are under way together may overtake each other. */
export async function inTurn<Value>(subject: Asked, ask: () => Promise<Value>): Promise<Value> {
	subject.asked++;
	const answer = subject.answered.then(ask);
	subject.answered = answer.catch(() => {});
	try {
		return await answer;
	} finally {
		subject.asked--;
	}
}
