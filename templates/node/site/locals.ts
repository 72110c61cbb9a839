import type { IncomingMessage } from 'node:http';
import { ORDINARY } from '../../locals/ordinary-locals.ts';
import type { WebSocketLocals } from '../../locals/types.ts';
import { getUpgradeContext } from '../handshake/context.ts';
import { type UpgradeSettings, upgradeWebSocket } from '../handshake/upgrade.ts';

/**
 * The host's locals with ours.
 *
 * The host's object is left as it is: hosts freeze it, and share one among requests, in which
 * concurrent upgrades must not meet.
 */
export function withLocals(
	request: IncomingMessage,
	locals: object | undefined,
	settings: UpgradeSettings,
): object {
	// Upstream answers with an error that says so.
	if (locals !== undefined && typeof locals !== 'object') return locals;
	const context = getUpgradeContext(request);
	const ours: WebSocketLocals =
		context === undefined
			? { ...ORDINARY }
			: {
					isUpgradeRequest: true,
					upgradeWebSocket: (options) => upgradeWebSocket(request, context, settings, options),
				};
	return locals ? inFrontOf(locals, ours) : ours;
}

/**
 * A view of the host's locals that has ours as well. Everything else is the host's own object's:
 * its prototype, its private fields, and what is assigned.
 */
function inFrontOf(host: object, ours: WebSocketLocals): object {
	const isOurs = (key: PropertyKey): boolean => Object.hasOwn(ours, key);
	const methods = new Map<PropertyKey, Method>();
	// What is sealed could not be shown with more than it has.
	const shown = Object.isExtensible(host) ? host : copy(host);
	return new Proxy(shown, {
		get(_, key) {
			if (isOurs(key)) return Reflect.get(ours, key);
			// With the host's object as `this`: the view has none of its private fields.
			const value: unknown = Reflect.get(host, key);
			if (typeof value !== 'function' || !isMethod(host, key, value)) return value;
			let method = methods.get(key);
			if (method?.of !== value) {
				method = { of: value, bound: value.bind(host) };
				methods.set(key, method);
			}
			return method.bound;
		},
		set: (_, key, value) => Reflect.set(isOurs(key) ? ours : host, key, value),
		has: (_, key) => isOurs(key) || Reflect.has(host, key),
		deleteProperty: (_, key) => Reflect.deleteProperty(isOurs(key) ? ours : host, key),
		defineProperty: (_, key, descriptor) =>
			Reflect.defineProperty(isOurs(key) ? ours : host, key, descriptor),
		ownKeys: () => [...new Set([...Reflect.ownKeys(host), ...Reflect.ownKeys(ours)])],
		getOwnPropertyDescriptor: (target, key) =>
			Reflect.getOwnPropertyDescriptor(isOurs(key) ? ours : target, key),
	});
}

interface Method {
	/** The method of the host's object. */
	readonly of: unknown;
	/** What it is called by. */
	readonly bound: unknown;
}

/** Whether a function comes from a class of the host, and is to be called on its instance. */
function isMethod(host: object, key: PropertyKey, value: unknown): boolean {
	return (
		key !== 'constructor' &&
		!Object.hasOwn(host, key) &&
		Reflect.has(host, key) &&
		value !== Reflect.get(Object.prototype, key)
	);
}

/** A copy that can be extended, with the prototype and the accessors of what it copies. */
function copy(host: object): object {
	const properties = Object.getOwnPropertyDescriptors(host);
	for (const property of Object.values(properties)) property.configurable = true;
	return Object.create(Object.getPrototypeOf(host), properties);
}
