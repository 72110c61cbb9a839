import type { WebSocketHooks } from '../../handshake/hooks.ts';

const NAMES = ['verifyClient', 'selectProtocol', 'onError', 'clientAddress'] as const;

/**
 * Takes the hooks out of a module.
 *
 * @throws TypeError for an export of such a name that is no function: a check that is not made
 * must not pass for one that is.
 */
export function hooksOf(module: object): WebSocketHooks {
	const hooks: Record<string, unknown> = {};
	for (const name of NAMES) {
		const hook: unknown = Reflect.get(module, name);
		if (hook === undefined) continue;
		if (typeof hook !== 'function') {
			throw new TypeError(`The WebSocket hook \`${name}\` must be a function, got: ${typeof hook}`);
		}
		hooks[name] = hook;
	}
	return hooks;
}
