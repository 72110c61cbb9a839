/** Logs something that is no error, for the site's operator. */
export function log(message: string): void {
	console.info(message);
}

/** Logs an error for the site's operator. */
export function report(message: string, error?: unknown): void {
	if (error === undefined) console.error(message);
	else console.error(message, error);
}
