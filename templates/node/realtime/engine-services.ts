import type { Host } from '../../realtime/channel/ports.ts';

/** What an engine gets of the server. */
export interface EngineServices {
	readonly host: Host;
	/** Tells the operator of something that is no error. */
	log(message: string): void;
}
