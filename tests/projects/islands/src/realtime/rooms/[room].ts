import { defineChannel } from 'zastro:realtime';
import { z } from 'astro/zod';

export default defineChannel({
	authorize: 'users',
	presence: { schema: z.object({ mood: z.string() }) },
});
