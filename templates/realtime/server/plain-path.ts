import { ENDPOINT } from '../protocol/constants.ts';

/**
 * The values in the path of a plain client: the decoded segments after the endpoint.
 *
 * @param hasTrailingSlash Whether the site's paths end with a slash, which is then no value.
 * @returns undefined for a segment that is empty, `.`, `..`, holds a slash, or is malformed.
 */
export function pathSegments(
	pathname: string,
	hasTrailingSlash = false,
): readonly string[] | undefined {
	const start = pathname.indexOf(`${ENDPOINT}/`);
	if (start < 0) return undefined;
	const path = pathname.slice(start + ENDPOINT.length + 1);
	const segments = (hasTrailingSlash ? path.replace(/\/$/, '') : path).split('/');
	const decoded = segments.map(decode);
	return decoded.every(isValue) ? decoded : undefined;
}

function isValue(value: string | undefined): value is string {
	return value !== undefined && value !== '' && !/^\.\.?$|[/\\]/.test(value);
}

function decode(segment: string): string | undefined {
	try {
		return decodeURIComponent(segment);
	} catch {
		return undefined;
	}
}
