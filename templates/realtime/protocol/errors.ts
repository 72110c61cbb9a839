/** The codes of `ActionError` of Astro that apply here, and two of realtime. */
export type RealtimeErrorCode =
	| 'BAD_REQUEST'
	| 'UNAUTHORIZED'
	| 'FORBIDDEN'
	| 'NOT_FOUND'
	| 'CONFLICT'
	| 'CONTENT_TOO_LARGE'
	| 'UNPROCESSABLE_CONTENT'
	| 'TOO_MANY_REQUESTS'
	| 'INTERNAL_SERVER_ERROR'
	| 'SERVICE_UNAVAILABLE'
	/** Not finished in time. The operation may still succeed. */
	| 'TIMEOUT'
	/** Whether the message was handled is unknown. */
	| 'UNCERTAIN'
	/** The join, or the connection, ended first. */
	| 'CLOSED';

/** An error on the wire. */
export interface ErrorData {
	readonly code: RealtimeErrorCode;
	readonly message: string;
	/** Milliseconds after which a retry can succeed. */
	readonly retryAfter?: number;
	/** The messages of a schema by the name of the input's field. */
	readonly fields?: Readonly<Record<string, readonly string[]>>;
}

/**
 * A failed operation of realtime, on both sides. Throw it in a handler to choose what the sender
 * gets: of any other error the sender learns `INTERNAL_SERVER_ERROR` alone.
 */
export class RealtimeError extends Error implements ErrorData {
	override readonly name = 'RealtimeError';
	declare readonly code: RealtimeErrorCode;
	declare readonly retryAfter?: number;
	declare readonly fields?: Readonly<Record<string, readonly string[]>>;

	constructor({ message, ...details }: Partial<ErrorData> & Pick<ErrorData, 'code'>) {
		super(message ?? details.code);
		Object.assign(this, details);
	}

	/** Whether the input did not match the schema of its message. `fields` says where. */
	get isInputError(): boolean {
		return !!this.fields;
	}
}

/**
 * Whether an error is a {@link RealtimeError}, of any instance of this module: `astro dev` loads
 * the site's modules apart from those of the server.
 */
export function isRealtimeError(error: unknown): error is RealtimeError {
	return error instanceof Error && error.name === 'RealtimeError' && 'code' in error;
}

/** What a client learns of any other error. */
export const FAILURE: ErrorData = { code: 'INTERNAL_SERVER_ERROR', message: 'The server failed.' };

/** The wire's form of an error. Only a {@link RealtimeError} is meant for clients. */
export function errorData(error: unknown): ErrorData {
	if (!isRealtimeError(error)) return FAILURE;
	const { code, message, retryAfter, fields } = error;
	return {
		code,
		message,
		...(retryAfter !== undefined && { retryAfter }),
		...(fields !== undefined && { fields }),
	};
}
