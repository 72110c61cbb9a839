declare namespace App {
	interface Locals {
		/** Set by the hosts in `hosts/`. */
		user?: string;
		/** The same, as a method of a class with private fields. */
		greet?(): string;
	}
}
