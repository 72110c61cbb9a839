import type { Problem } from './problem.ts';
import { suggestion } from './suggestion.ts';

export type Members = Readonly<Record<string, unknown>>;

/** Collects what is wrong in one file. */
export class Checker {
	readonly problems: Problem[] = [];
	readonly #file: string;

	constructor(file: string) {
		this.#file = file;
	}

	add(message: string, hint: string): void {
		this.problems.push({ file: this.#file, message, hint });
	}

	/** The members of an object, undefined for anything else, which is a problem. */
	members(value: unknown, what: string, hint: string): Members | undefined {
		if (isMembers(value)) return value;
		this.add(`${what} is not an object.`, hint);
		return undefined;
	}

	/** Refuses members of other names. */
	only(value: Members, known: readonly string[], what: string): void {
		for (const name of Object.keys(value)) {
			if (!known.includes(name)) {
				this.add(`${what} has no option \`${name}\`.`, suggestion(name, known));
			}
		}
	}

	/** A function or undefined. */
	optionalFunction(value: unknown, what: string): AnyFunction | undefined {
		if (value === undefined || isFunction(value)) return value;
		this.add(`${what} is not a function.`, 'Give a function, or leave it out.');
		return undefined;
	}

	flag(value: unknown, what: string): boolean {
		if (value === undefined || typeof value === 'boolean') return value === true;
		this.add(`${what} is not a boolean.`, 'Write `true`, or leave it out.');
		return false;
	}

	/** A positive number up to a maximum, the fallback if it is undefined. */
	positive(value: unknown, what: string, { unit, fallback, max }: NumberRules): number {
		if (value === undefined) return fallback;
		if (typeof value === 'number' && value > 0 && value <= max) return value;
		this.add(
			`${what} is not a positive number of ${unit} up to ${max}.`,
			`Leave it out for the default of ${fallback}.`,
		);
		return fallback;
	}
}

export interface NumberRules {
	readonly unit: string;
	readonly fallback: number;
	readonly max: number;
}

export type AnyFunction = (...parameters: readonly unknown[]) => unknown;

export function isFunction(value: unknown): value is AnyFunction {
	return typeof value === 'function';
}

function isMembers(value: unknown): value is Members {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
