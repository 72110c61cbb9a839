import { ORDINARY } from '../shared/ordinary-locals.ts';
import type { WebSocketLocals } from '../shared/types.ts';

/** The locals of a request that is no handshake. */
export function ordinaryLocals(): WebSocketLocals {
	return { ...ORDINARY };
}

/** The parts of Astro's app that are needed here. */
interface RenderingApp {
	render(request: Request, options?: { locals?: object }): Promise<Response>;
}

/** An app that renders with the locals of a request that is no handshake, where others are not given. */
export function withOrdinaryLocals<App extends RenderingApp>(app: App): App {
	const render: RenderingApp['render'] = (request, options) =>
		app.render(request, { locals: ordinaryLocals(), ...options });
	return new Proxy(app, {
		get(_, key) {
			if (key === 'render') return render;
			const value: unknown = Reflect.get(app, key);
			// With the app itself as `this`: a proxy has none of its private fields.
			return typeof value === 'function' ? value.bind(app) : value;
		},
	});
}
