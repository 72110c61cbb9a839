declare namespace App {
	interface Locals {
		/** Set by the hosts in `hosts/`. */
		user?: string;
	}
}
