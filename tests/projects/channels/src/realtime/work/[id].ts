import { defineChannel, RealtimeError } from 'zastro:realtime';
import { notify } from '../../inbox';
import { entry, record } from '../../journal';
import { shape } from '../../schema';

/** The handlers of a site, and how they fail. The journal tells the tests when they run. */
export default defineChannel({
	authorize: 'users',
	messages: {
		count: {
			handler: (_nothing, { params }) => {
				record(`work-${params.id}`, 'counted');
				return { counted: true };
			},
		},
		wait: {
			handler: async (_nothing, { params }) => {
				record(`work-${params.id}`, 'started');
				await entry(`work-${params.id}`, 'go');
				record(`work-${params.id}`, 'ended');
				return 'waited';
			},
		},
		repeat: {
			idempotent: true,
			handler: (_nothing, { params }) => record(`work-${params.id}`, 'repeated'),
		},
		throw: {
			handler: () => {
				throw new Error('the password is wrong');
			},
		},
		refuse: {
			handler: () => {
				throw new RealtimeError({ code: 'CONFLICT', message: 'The seat is taken.' });
			},
		},
		notify: { input: shape({ text: 'string' }), handler: ({ text }) => notify(text) },
		long: { handler: () => 'x'.repeat(10_000) },
		fill: {
			input: shape({ count: 'number', size: 'number' }),
			handler: async ({ count, size }, { channel }) => {
				for (let number = 1; number <= count; number++) {
					await channel.publish('filled', { number, text: 'x'.repeat(size) });
				}
			},
		},
		pulse: {
			input: shape({ number: 'number' }),
			handler: async ({ number }, { channel }) => {
				await channel.publish('pulsed', { number });
			},
		},
	},
	events: {
		filled: shape({ number: 'number', text: 'string' }),
		pulsed: { schema: shape({ number: 'number' }), ephemeral: true },
	},
	history: { size: 1000, ttl: 300 },
});
