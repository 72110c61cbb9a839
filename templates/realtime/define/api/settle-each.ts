/**
 * Runs work for each item, a limited number at a time. The items that wait belong to this call alone: in
 * a Worker, a request that is cancelled never ends its work, and must not hold up those of others.
 *
 * @returns The results in the order of the items.
 */
export async function settleEach<Item>(
	items: readonly Item[],
	width: number,
	work: (item: Item) => Promise<void>,
): Promise<PromiseSettledResult<void>[]> {
	const results: PromiseSettledResult<void>[] = [];
	const waiting = items.entries();
	const lane = async (): Promise<void> => {
		for (const [index, item] of waiting) {
			const [result] = await Promise.allSettled([work(item)]);
			results[index] = result;
		}
	};
	await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
	return results;
}
