/** Gives messages to listeners. */
export type TakeMessage = <Message>(listener: (message: Message) => void, message: Message) => void;

/**
 * Gives messages to listeners whose errors would end more than themselves: the connection's reader, or
 * the process. The first one is reported, which is enough.
 */
export function messageTaker(report: (message: string, error?: unknown) => void): TakeMessage {
	let hasReported = false;
	return (listener, message) => {
		try {
			listener(message);
		} catch (error) {
			if (!hasReported) report('A realtime message cannot be taken', error);
			hasReported = true;
		}
	};
}
