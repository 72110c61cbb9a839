import { defineChannel } from 'zastro:realtime';

/** Visitors may join one of them, users all. */
export default defineChannel({
	anonymous: true,
	authorize: ({ user, params }) => user !== undefined || params.id === 'open',
	messages: { who: { handler: (_nothing, { user }) => user?.id ?? 'a visitor' } },
});
