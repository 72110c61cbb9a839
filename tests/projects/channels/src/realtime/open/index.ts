import { defineChannel } from 'zastro:realtime';

export default defineChannel({
	authorize: 'anyone',
	messages: { who: { handler: (_nothing, { user }) => user?.id ?? 'a visitor' } },
});
