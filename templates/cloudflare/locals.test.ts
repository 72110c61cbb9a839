import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withOrdinaryLocals } from './locals.ts';

class App {
	readonly #name = 'app';
	readonly rendered: unknown[] = [];
	readonly logger = 'logger';

	get name(): string {
		return this.#name;
	}

	describe(): string {
		return this.#name;
	}

	async render(
		_request: Request,
		options?: { locals?: object; routeData?: string },
	): Promise<Response> {
		this.rendered.push(options);
		return new Response(this.#name);
	}
}

const request = new Request('http://localhost/');

test('an app renders with ordinary locals', async () => {
	const app = new App();
	const response = await withOrdinaryLocals(app).render(request, { routeData: 'route' });
	assert.equal(await response.text(), 'app');
	const [{ locals, routeData }] = app.rendered as [{ locals: object; routeData: string }];
	assert.equal(routeData, 'route');
	assert.equal(Reflect.get(locals, 'isUpgradeRequest'), false);
});

test('locals that are given stay', async () => {
	const app = new App();
	await withOrdinaryLocals(app).render(request, { locals: { own: true } });
	assert.deepEqual(app.rendered, [{ locals: { own: true } }]);
});

test('everything else is the app itself', () => {
	const app = withOrdinaryLocals(new App());
	assert.deepEqual([app.logger, app.name, app.describe()], ['logger', 'app', 'app']);
});
