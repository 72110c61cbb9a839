/** Removes the oldest entry of a collection that has more than `most`. Returns its key. */
export function dropOldest<Key>(
	entries: Set<Key> | Map<Key, unknown>,
	most: number,
): Key | undefined {
	if (entries.size <= most) return undefined;
	const [oldest] = entries.keys();
	if (oldest !== undefined) entries.delete(oldest);
	return oldest;
}
