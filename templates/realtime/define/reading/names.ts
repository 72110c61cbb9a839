const OBJECT_MEMBERS: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

const RESERVED: ReadonlySet<string> = new Set([
	...OBJECT_MEMBERS,
	...Object.getOwnPropertyNames(Function.prototype),
	'prototype',
	'then',
	'toJSON',
]);

/**
 * Whether a folder or file of this name could not be reached through `channels`: functions and
 * objects have such a member, `then` would make it a promise, and frameworks ask for `$$` names.
 */
export function isReserved(name: string): boolean {
	return RESERVED.has(name) || name.startsWith('$$');
}

/** Whether every object has a member of this name. */
export function isObjectMember(name: string): boolean {
	return OBJECT_MEMBERS.has(name);
}
