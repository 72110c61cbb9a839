import type { APIRoute } from 'astro';
import { record } from '../journal';

/** Fails at one event in one way. The journal records the event first. */
export const GET: APIRoute = ({ locals, url }) => {
	const { socket, response } = locals.upgradeWebSocket();
	const type = url.searchParams.get('type') as 'open' | 'message' | 'error' | 'close';
	const journal = url.searchParams.get('journal') ?? '';
	const fail = (value: unknown) => {
		record(journal, type);
		throw value;
	};
	const failure = new Error('thrown by the test');
	switch (url.searchParams.get('manner')) {
		case 'listener':
			socket.addEventListener(type, () => fail(failure));
			break;
		case 'attribute':
			socket[`on${type}`] = () => fail(failure);
			break;
		case 'object':
			socket.addEventListener(type, { handleEvent: () => fail(failure) });
			break;
		case 'getter':
			socket.addEventListener(type, {
				get handleEvent(): () => void {
					return fail(failure);
				},
			});
			break;
		case 'async':
			socket.addEventListener(type, async () => {
				await null;
				fail(failure);
			});
			break;
		case 'then':
			// biome-ignore lint/suspicious/noThenProperty: a careless library may return this.
			socket.addEventListener(type, () => ({ then: () => fail(failure) }));
			break;
		case 'nothing':
			socket.addEventListener(type, () => fail(undefined));
			break;
		case 'unprintable':
			// A careless report of this error would fail as well.
			socket.addEventListener(type, () => fail(unprintable()));
			break;
		case 'twice':
			socket.addEventListener(type, () => fail(failure));
			socket.addEventListener(type, () => fail(failure));
			socket.addEventListener('close', () => fail(failure));
			break;
	}
	return response;
};

function unprintable(): object {
	const fail = () => {
		throw new Error('thrown while it was looked at');
	};
	return new Proxy(Object.create(null), {
		get: fail,
		has: fail,
		ownKeys: fail,
		getPrototypeOf: fail,
	});
}
