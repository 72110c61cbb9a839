/** Numbers as people read them. */

/** A size, for example `1.4 kB`. */
export function size(bytes: number): string {
	if (bytes < 1000) return `${bytes} B`;
	if (bytes < 1_000_000) return `${short(bytes / 1000)} kB`;
	return `${short(bytes / 1_000_000)} MB`;
}

/** A duration, for example `3.2 ms`. */
export function duration(milliseconds: number): string {
	if (milliseconds < 1000) return `${short(milliseconds)} ms`;
	return `${short(milliseconds / 1000)} s`;
}

/** The time of the day, to the millisecond. */
export function timeOfDay(at: number): string {
	const date = new Date(at);
	const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map(
		(part) => String(part).padStart(2, '0'),
	);
	return `${hours}:${minutes}:${seconds}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

function short(value: number): string {
	return value < 10 ? value.toFixed(1).replace(/\.0$/, '') : String(Math.round(value));
}
