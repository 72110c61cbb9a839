import { channels } from 'zastro:realtime/client';

/** Each island has a handle of its own. */
export const join = () => channels.rooms({ room: 'islands' }).join({ presence: { mood: 'glad' } });

type Presence = ReturnType<ReturnType<typeof join>['presence']['get']>;

export function listed(members: Presence): string {
	return members
		.map(({ user, data }) => `${user.id} is ${data.mood}`)
		.sort()
		.join(', ');
}
