import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WebSocketLocals } from '../../locals/types.ts';
import { withPrerenderedLocals } from './locals.ts';

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
		options?: { locals?: object; routeData?: { route: string } },
	): Promise<Response> {
		this.rendered.push(options);
		return new Response(this.#name);
	}
}

const request = new Request('http://localhost/');

test('an app renders with the locals of prerendered routes', async () => {
	const app = new App();
	const routeData = { route: '/chat' };
	const response = await withPrerenderedLocals(app).render(request, { routeData });
	assert.equal(await response.text(), 'app');
	const [options] = app.rendered as [{ locals: WebSocketLocals; routeData: object }];
	assert.equal(options.routeData, routeData);
	assert.equal(options.locals.isUpgradeRequest, false);
	assert.throws(() => options.locals.upgradeWebSocket(), /"\/chat" is prerendered/);
});

test('given locals are kept', async () => {
	const app = new App();
	await withPrerenderedLocals(app).render(request, { locals: { own: true } });
	assert.deepEqual(app.rendered, [{ locals: { own: true } }]);
});

test('every other member is that of the app', () => {
	const app = withPrerenderedLocals(new App());
	assert.deepEqual([app.logger, app.name, app.describe()], ['logger', 'app', 'app']);
});
