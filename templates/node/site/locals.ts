import type { IncomingMessage } from 'node:http';
import { ORDINARY } from '../../locals/ordinary-locals.ts';
import type { WebSocketLocals } from '../../locals/types.ts';
import { getUpgradeContext } from '../handshake/context.ts';
import { type UpgradeSettings, upgradeWebSocket } from '../handshake/upgrade.ts';

/**
 * The host's locals with those of this package.
 *
 * The host's object is not modified. Hosts may freeze it, or share it among requests, and
 * concurrent upgrades must stay separate.
 */
export function withLocals(
	request: IncomingMessage,
	locals: object | undefined,
	settings: UpgradeSettings,
): object {
	// Upstream answers with an error for these locals.
	if (locals !== undefined && typeof locals !== 'object') return locals;
	const context = getUpgradeContext(request);
	const added: WebSocketLocals =
		context === undefined
			? { ...ORDINARY }
			: {
					isUpgradeRequest: true,
					upgradeWebSocket: (options) => upgradeWebSocket(request, context, settings, options),
				};
	return locals ? inFrontOf(locals, added) : added;
}

/**
 * A view of the host's locals with those of the package. Everything else belongs to the host's
 * object: its prototype, its private fields, and assigned properties.
 */
function inFrontOf(host: object, added: WebSocketLocals): object {
	const isAdded = (key: PropertyKey): boolean => Object.hasOwn(added, key);
	const methods = new Map<PropertyKey, Method>();
	// A proxy of a sealed object must not show additional properties.
	const shown = Object.isExtensible(host) ? host : copy(host);
	return new Proxy(shown, {
		get(_, key) {
			if (isAdded(key)) return Reflect.get(added, key);
			// The host's object is `this`, because the view lacks its private fields.
			const value: unknown = Reflect.get(host, key);
			if (typeof value !== 'function' || !isMethod(host, key, value)) return value;
			let method = methods.get(key);
			if (method?.of !== value) {
				method = { of: value, bound: value.bind(host) };
				methods.set(key, method);
			}
			return method.bound;
		},
		set: (_, key, value) => Reflect.set(isAdded(key) ? added : host, key, value),
		has: (_, key) => isAdded(key) || Reflect.has(host, key),
		deleteProperty: (_, key) => Reflect.deleteProperty(isAdded(key) ? added : host, key),
		defineProperty: (_, key, descriptor) =>
			Reflect.defineProperty(isAdded(key) ? added : host, key, descriptor),
		ownKeys: () => [...new Set([...Reflect.ownKeys(host), ...Reflect.ownKeys(added)])],
		getOwnPropertyDescriptor: (target, key) =>
			Reflect.getOwnPropertyDescriptor(isAdded(key) ? added : target, key),
	});
}

interface Method {
	/** The method of the host's object. */
	readonly of: unknown;
	/** The method bound to that object. */
	readonly bound: unknown;
}

/** Whether a function is a method of the host's class, called on its instance. */
function isMethod(host: object, key: PropertyKey, value: unknown): boolean {
	return (
		key !== 'constructor' &&
		!Object.hasOwn(host, key) &&
		Reflect.has(host, key) &&
		value !== Reflect.get(Object.prototype, key)
	);
}

/** An extensible copy with the prototype and the accessors of the original. */
function copy(host: object): object {
	const properties = Object.getOwnPropertyDescriptors(host);
	for (const property of Object.values(properties)) property.configurable = true;
	return Object.create(Object.getPrototypeOf(host), properties);
}
