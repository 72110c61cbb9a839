import type { MemberView } from '../../channel/rules.ts';
import { suggestion } from './suggestion.ts';

/** Parameters of which a wrong name is an error, for `astro dev`. */
export function strictParams(params: MemberView['params'], file: string): MemberView['params'] {
	return new Proxy(params, {
		get(target, name) {
			if (typeof name !== 'string' || name in target || name === 'then' || name === 'toJSON') {
				return Reflect.get(target, name);
			}
			throw new TypeError(
				`The channel \`${file}\` has no parameter \`${name}\`. ${suggestion(name, Object.keys(target))}`,
			);
		},
	});
}
