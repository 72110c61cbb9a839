/** A Worker in front of the site. */
export default { fetch: (request, env) => env.SITE.fetch(request) };
