import { engine } from './process-hub.ts';

/**
 * Connects the engine when the server starts.
 *
 * @throws Error if it can never work as it is configured.
 */
export async function startEngine(): Promise<void> {
	await engine.start();
}
