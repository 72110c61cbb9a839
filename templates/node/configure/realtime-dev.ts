import { PREVIOUS_VERSION } from '../../realtime/define/reading/problem.ts';
import { perProcess } from '../process/per-process.ts';
import type { SiteHub } from '../realtime/process-hub.ts';
import { describeError } from './describe-error.ts';
import type { DevSite } from './dev-integration.ts';
import { engineStarter, type RealtimeSetup, siteLoader } from './realtime.ts';

/** The name of errors of engines. */
const ENGINE_ERROR = 'RealtimeEngineError';

/**
 * Loads the site's channels before the first request, and again after each change. Their members
 * stay.
 */
export function loadRealtime(
	realtime: RealtimeSetup,
	{ root, server, logger, load }: DevSite,
): void {
	if (!realtime.isUsed) return;
	let loading: Promise<void> | undefined;
	const loadAgain = async (): Promise<void> => {
		try {
			realtime.hasFailed = false;
			await load(siteLoader());
			const { startEngine } = (await load(engineStarter())) as EngineStarter;
			await startEngine();
		} catch (error) {
			if (error instanceof Error && error.name === ENGINE_ERROR) {
				logger.error(error.message);
				return;
			}
			realtime.hasFailed = true;
			const text = `The files of \`src/realtime\` cannot be loaded:\n${describeError(error)}`;
			logger.error(hasChannels(root) ? `${text}\n${PREVIOUS_VERSION}` : text);
		}
	};
	realtime.reload = () => {
		loading = (loading ?? Promise.resolve()).then(loadAgain);
		return loading;
	};
	server.middlewares.use((_request, _response, next) => {
		if (loading === undefined && !realtime.hasFolder) return next();
		loading ??= loadAgain();
		void loading.then(() => next());
	});
}

interface EngineStarter {
	startEngine(): Promise<void>;
}

/** Whether the hub of a site has channels from before. */
function hasChannels(root: URL): boolean {
	const hubs = perProcess('realtime-hubs', () => new Map<string, SiteHub>());
	return hubs.get(root.href)?.hub.site !== undefined;
}
