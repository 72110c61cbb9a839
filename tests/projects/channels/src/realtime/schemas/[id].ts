import { defineChannel } from 'zastro:realtime';
import type { StandardSchema } from '../../schema';

type Validate = StandardSchema<string>['~standard']['validate'];

/** A schema of text, by its validation. */
function schema(
	validate: (value: unknown) => ReturnType<Validate> | Promise<ReturnType<Validate>>,
) {
	return { '~standard': { version: 1, vendor: 'tests', validate } } as const;
}

const handler = (text: unknown) => `got ${text}`;

/** Schemas that are async, throw, or never end. */
export default defineChannel({
	authorize: 'users',
	timeout: 1,
	messages: {
		slow: {
			input: schema(async (value) => {
				await new Promise((resolve) => setTimeout(resolve, 50));
				return typeof value === 'string'
					? { value: value.trim() }
					: { issues: [{ message: 'not a text', path: [] }] };
			}),
			handler,
		},
		throws: {
			input: schema(() => {
				throw new Error('thrown by a schema');
			}),
			handler,
		},
		never: { input: schema(() => new Promise(() => {})), handler },
	},
});
