/** A call of the site's code that knows whether somebody waits for it. */
class Call<Value> extends Promise<Value> {
	isAwaited = false;

	/** What is made from it is an ordinary promise. */
	static override get [Symbol.species](): PromiseConstructor {
		return Promise;
	}

	// biome-ignore lint/suspicious/noThenProperty: `await` calls it, and nothing else tells
	override then<Result = Value, Failure = never>(
		...callbacks: Parameters<Promise<Value>['then']>
	): Promise<Result | Failure> {
		this.isAwaited = true;
		return super.then(...callbacks) as Promise<Result | Failure>;
	}
}

/**
 * The promise that the site's code gets for a call. If the call fails and nobody has waited for it by
 * then, `failed` is told: Node.js would end the process, and with an outage all processes of a site.
 */
export function mayBeUnwaited<Value>(
	work: Promise<Value>,
	failed: (error: unknown) => void,
): Promise<Value> {
	const call = new Call<Value>((resolve) => resolve(work));
	Promise.prototype.then.call(call, undefined, (error: unknown) => {
		if (!call.isAwaited) failed(error);
	});
	return call;
}
