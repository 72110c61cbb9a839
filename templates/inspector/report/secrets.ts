/** What replaces a secret. */
export const HIDDEN: string = '•••';

/** Names of values that open something. */
const SECRET_NAME =
	/(?:^|[^a-z])(?:auth(?:orization)?|cookie|credential|jwt|otp|pass(?:word|phrase|wd)?|secret|session(?:_?id)?|signature|sig|token)s?(?:[^a-z]|$)|(?:api|access|private)[-_]?key|[a-z](?:Token|Secret|Password|Session|Cookie)s?(?:[^a-z]|$)/;

/** Tokens that have a known form: JSON Web Tokens, and the credentials of HTTP. */
const SECRET_VALUE = /\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?|\b(?:Bearer|Basic)\s+[\w.~+/=-]{8,}/g;

/** Levels of JSON that are read. Deeper values are hidden: nobody has looked for secrets in them. */
const MAX_DEPTH = 32;

function isSecretName(name: string): boolean {
	return SECRET_NAME.test(name) || SECRET_NAME.test(name.toLowerCase());
}

/** A JSON value without the values of secret names. */
export function hideSecrets(value: unknown, depth = 0): unknown {
	if (typeof value === 'string') return hideTokens(value);
	if (typeof value !== 'object' || value === null) return value;
	if (depth > MAX_DEPTH) return HIDDEN;
	if (Array.isArray(value)) return value.map((item) => hideSecrets(item, depth + 1));
	return Object.fromEntries(
		Object.entries(value).map(([name, item]) => {
			const isSecret = isSecretName(name) && item !== null && typeof item !== 'boolean';
			return [name, isSecret ? HIDDEN : hideSecrets(item, depth + 1)];
		}),
	);
}

/** A text without tokens of a known form. */
export function hideTokens(text: string): string {
	return text.replace(SECRET_VALUE, HIDDEN);
}

/** A path whose query has no values of secret names. */
export function hideInPath(path: string): string {
	const [place = '', query] = splitOnce(path, '?');
	if (query === undefined) return hideTokens(path);
	const shown = query.split('&').map((part) => {
		const [name = '', value] = splitOnce(part, '=');
		if (value === undefined) return hideTokens(part);
		return `${name}=${isSecretName(decoded(name)) ? HIDDEN : hideTokens(value)}`;
	});
	return `${hideTokens(place)}?${shown.join('&')}`;
}

function splitOnce(text: string, separator: string): [string, string?] {
	const at = text.indexOf(separator);
	return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
