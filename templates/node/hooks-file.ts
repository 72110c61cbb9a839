/**
 * The module with the adapter's options for the built server, with the hooks added. Upstream writes
 * it as JSON, which functions do not survive.
 *
 * @param code Upstream's module.
 * @param config The adapter's options, with the path of the hooks file as it was found.
 */
export function withHooksExport(code: string, config: object): string {
	const options: unknown = Reflect.get(config, 'websocket');
	const file =
		typeof options === 'object' && options !== null && 'hooks' in options ? options.hooks : null;
	if (typeof file !== 'string') return code;
	return `${code}\nexport * as websocketHooks from ${JSON.stringify(file)};`;
}
