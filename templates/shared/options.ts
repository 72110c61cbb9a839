/**
 * The adapter's `websocket` option. JSON values only: on the way from the configuration to the
 * built server they are written into a module as JSON.
 */
export interface WebSocketOptions {
	/**
	 * The largest message accepted, in bytes. A larger one closes the connection with 1009.
	 *
	 * @default {1048576} 1 MiB
	 */
	maxPayload?: number;
	/**
	 * Origins whose pages may open connections, beside the site's own and those in Astro's
	 * `security.allowedDomains`; for example `['https://app.example.com']`.
	 *
	 * @default {[]}
	 */
	allowedOrigins?: string[];
}

/** {@link WebSocketOptions} with every default filled in. */
export interface ResolvedWebSocketOptions {
	readonly maxPayload: number;
	readonly allowedOrigins: readonly string[];
}

/** The default of every option. */
export const WEBSOCKET_DEFAULTS: ResolvedWebSocketOptions = {
	maxPayload: 1024 * 1024,
	allowedOrigins: [],
};

/**
 * Checks the `websocket` option as the user wrote it and fills in the defaults.
 *
 * @param adapterOptions The options of the adapter.
 * @throws TypeError that names the option, says what it has to be and what it is.
 */
export function resolveWebSocketOptions(adapterOptions: object): ResolvedWebSocketOptions {
	const options: unknown = Reflect.get(adapterOptions, 'websocket');
	if (options === undefined) return WEBSOCKET_DEFAULTS;
	if (typeof options !== 'object' || options === null || Array.isArray(options)) {
		throw invalid('websocket', 'an object', options);
	}
	const { maxPayload, allowedOrigins, ...unknown }: Record<string, unknown> = { ...options };
	const [name] = Object.keys(unknown);
	if (name !== undefined) {
		const known = Object.keys(WEBSOCKET_DEFAULTS).join('`, `');
		throw new TypeError(`\`websocket.${name}\` is not an option. The options are: \`${known}\``);
	}
	return {
		maxPayload:
			maxPayload === undefined ? WEBSOCKET_DEFAULTS.maxPayload : bytes('maxPayload', maxPayload),
		allowedOrigins:
			allowedOrigins === undefined
				? WEBSOCKET_DEFAULTS.allowedOrigins
				: origins('allowedOrigins', allowedOrigins),
	};
}

function bytes(name: string, value: unknown): number {
	if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
		throw invalid(`websocket.${name}`, 'a whole number of bytes, at least 1', value);
	}
	return value;
}

function origins(name: string, value: unknown): string[] {
	if (!Array.isArray(value)) {
		throw invalid(`websocket.${name}`, 'an array of origins', value);
	}
	return value.map((origin: unknown, index) => {
		const url = typeof origin === 'string' && URL.canParse(origin) ? new URL(origin) : undefined;
		// A path, a query or a user name would never match an `Origin` header: better to say so now.
		if (url === undefined || url.origin === 'null' || url.href !== `${url.origin}/`) {
			throw invalid(
				`websocket.${name}[${index}]`,
				'an origin such as "https://app.example.com"',
				origin,
			);
		}
		return url.origin;
	});
}

function invalid(name: string, expected: string, value: unknown): TypeError {
	return new TypeError(
		`\`${name}\` must be ${expected}, got: ${JSON.stringify(value) ?? String(value)}`,
	);
}
