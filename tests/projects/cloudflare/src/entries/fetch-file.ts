/** As `src/fetch.ts`, it handles the site's requests instead of Astro. */
import { astro, FetchState } from 'astro/fetch';

export default {
	async fetch(request: Request): Promise<Response> {
		const response = await astro(new FetchState(request));
		response.headers.set('X-Fetch-File', 'yes');
		return response;
	},
};
