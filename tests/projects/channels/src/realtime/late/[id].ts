import { defineChannel } from 'zastro:realtime';
import { record } from '../../journal';

/** A handler that ends only when it is aborted. */
export default defineChannel({
	authorize: 'users',
	timeout: 1,
	messages: {
		wait: {
			handler: (_nothing, { params, signal }) =>
				new Promise<void>((_resolve, reject) => {
					signal.addEventListener('abort', () => {
						record(`late-${params.id}`, 'aborted');
						reject(signal.reason);
					});
				}),
		},
		next: { handler: () => 'next' },
	},
});
