import type { IncomingMessage, ServerResponse } from 'node:http';
import { ENDPOINT } from '../../realtime/protocol/constants.ts';
import { getUpgradeContext } from '../handshake/context.ts';

/** Upstream's handler of the files of a build. `next` renders the site. */
type FilesHandler = (
	request: IncomingMessage,
	response: ServerResponse,
	next: () => unknown,
) => unknown;

/** The path of a handshake of channels, below the base. Astro may leave out the first slash. */
const CHANNELS = new RegExp(`^/?${ENDPOINT.slice(1)}/`);

/**
 * Gives handshakes of realtime channels to the site at once. Upstream would first ask the disk for a
 * file of their path, which takes a sixth of the processor time of a handshake: all clients of a site
 * come back together after a deploy.
 */
export function withoutChannels(
	files: FilesHandler,
	app: { removeBase(path: string): string },
): FilesHandler {
	return (request, response, next) => {
		const path = getUpgradeContext(request)?.path;
		const isOfChannels = path !== undefined && CHANNELS.test(app.removeBase(path));
		return isOfChannels ? next() : files(request, response, next);
	};
}
