import type { IncomingMessage } from 'node:http';
import { ORDINARY } from '../shared/ordinary-locals.ts';
import type { WebSocketLocals } from '../shared/types.ts';
import { getUpgradeContext } from './context.ts';
import { type UpgradeSettings, upgradeWebSocket } from './upgrade.ts';

/**
 * The host's locals with ours.
 *
 * An upgrade gets a copy: hosts share one object among requests, and concurrent upgrades must not
 * meet in it. Ordinary requests keep the host's own object, as upstream passes it on.
 */
export function withLocals(
	request: IncomingMessage,
	locals: object | undefined,
	settings: UpgradeSettings,
): object {
	// Upstream answers with an error that says so.
	if (locals !== undefined && typeof locals !== 'object') return locals;
	const context = getUpgradeContext(request);
	if (context === undefined) {
		if (locals === undefined) return { ...ORDINARY };
		return Object.isExtensible(locals) ? Object.assign(locals, ORDINARY) : add(locals, ORDINARY);
	}
	return add(locals ?? {}, {
		isUpgradeRequest: true,
		upgradeWebSocket: (options) => upgradeWebSocket(request, context, settings, options),
	});
}

/** A copy that keeps the prototype and the accessors of what it copies. */
function add(locals: object, ours: WebSocketLocals): object {
	return Object.create(Object.getPrototypeOf(locals), {
		...Object.getOwnPropertyDescriptors(locals),
		...Object.getOwnPropertyDescriptors(ours),
	});
}
