/** Members of the handles of channels besides those of every function. */
const RESERVED: readonly string[] = ['prototype', 'then', 'toJSON'];

/**
 * Whether a folder or file of this name could not be reached through `channels`: functions and
 * objects have such a member, `then` would make it a promise, and frameworks ask for `$$` names.
 */
export function isReserved(name: string): boolean {
	return name in Function.prototype || RESERVED.includes(name) || name.startsWith('$$');
}

/** Whether every object has a member of this name. */
export function isObjectMember(name: string): boolean {
	return name in Object.prototype;
}
