import { ActionError, defineAction } from 'astro:actions';
import { socket } from 'zastro:realtime';
import { z } from 'astro/zod';
import { notify } from '../inbox.ts';
import { remind } from '../reminders.ts';

const MINUTE = 60_000;

const name = z.string().trim().min(1).max(40);

/** Names with commas between them. */
const names = z
	.string()
	.transform((list) => [...new Set(list.split(',').map((each) => each.trim()))])
	.pipe(z.array(name).max(20));

export const server = {
	/** A real site has a login. */
	enter: defineAction({
		accept: 'form',
		input: z.object({ name }),
		handler: (input, { cookies }) => {
			cookies.set('name', input.name, { path: '/', httpOnly: true, sameSite: 'lax' });
		},
	}),

	/** Notifies users now, or in some minutes. Returns what the sender is told. */
	notify: defineAction({
		accept: 'form',
		input: z.object({
			to: names,
			text: z.string().trim().min(1).max(300),
			minutes: z.coerce.number().min(0).max(1440),
		}),
		handler: async ({ to, text, minutes }, { cookies }) => {
			const from = cookies.get('name')?.value;
			if (!from) throw new ActionError({ code: 'UNAUTHORIZED', message: 'Tell your name first.' });
			if (minutes > 0) {
				await remind({ at: Date.now() + minutes * MINUTE, to, from, text });
				return `They are reminded in ${minutes} minutes.`;
			}
			await notify(to, { from, text });
			const areOnline = await Promise.all(to.map((user) => socket.isOnline(user)));
			const online = to.filter((_, index) => areOnline[index]);
			return online.length > 0
				? `Sent. Online now: ${online.join(', ')}.`
				: 'Sent. They find it when they are back.';
		},
	}),
};
