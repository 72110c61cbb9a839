import type { WebSocketHooks } from '../../handshake/hooks.ts';

const NAMES = ['verifyClient', 'selectProtocol', 'onError', 'clientAddress'] as const;

/**
 * Reads the hooks from the exports of a module.
 *
 * @throws TypeError if a hook is not a function: a broken check must not pass for a working one.
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
