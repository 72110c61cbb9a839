import { defineAction } from 'astro:actions';
import { channels } from 'zastro:realtime';
import { z } from 'astro/zod';

export const server = {
	announce: defineAction({
		input: z.object({ room: z.string(), text: z.string() }),
		handler: ({ room, text }) =>
			channels.rooms({ room }).publish('said', { by: 'an action', text }),
	}),
};
