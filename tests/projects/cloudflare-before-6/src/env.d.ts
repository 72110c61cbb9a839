type Runtime = import('zastro-websockets-cloudflare').Runtime<Env>;

declare namespace App {
	interface Locals extends Runtime {}
}
