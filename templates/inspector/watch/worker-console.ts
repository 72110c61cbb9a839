import { FAILED_IN_WORKER } from '../report/events.ts';

/**
 * Code for a module of the Worker in `astro dev`: the inspector gets the errors that the Worker
 * logs with a message. A build must not contain it.
 */
export const WORKER_CONSOLE: string = `
const channelToVite = import.meta.hot;
if (channelToVite) {
	// The module runs again after an edit.
	const error = (globalThis[Symbol.for('zastro.inspector.error')] ??= console.error);
	console.error = (...values) => {
		error.apply(console, values);
		const [message, cause] = values;
		if (typeof message !== 'string' || !(cause instanceof Error)) return;
		const { name, message: text, stack } = cause;
		const failure = { message, error: { text: \`\${name}: \${text}\`, stack } };
		channelToVite.send(${JSON.stringify(FAILED_IN_WORKER)}, failure);
	};
}
`;
