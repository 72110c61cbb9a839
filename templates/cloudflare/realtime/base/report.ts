/** Logs an error for the site's operator. */
export function report(message: string, error?: unknown): void {
	if (error === undefined) console.error(message);
	else console.error(message, error);
}
