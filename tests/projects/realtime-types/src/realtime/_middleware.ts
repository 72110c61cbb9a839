/** Gives the user of a request, or nothing for a visitor. */
export async function authenticate({
	request,
}: {
	request: Request;
}): Promise<{ id: string; name: string } | Response | undefined> {
	const token = request.headers.get('authorization');
	if (token === null) return undefined;
	if (token === '') return new Response('No token.', { status: 401 });
	return { id: token, name: token };
}
