import { prerenderedLocals } from '../../locals/prerendered.ts';

interface RenderOptions {
	readonly locals?: object;
	readonly routeData?: { readonly route: string };
}

/** The used part of Astro's app. */
interface RenderingApp {
	render(request: Request, options?: RenderOptions): Promise<Response>;
}

/** An app for prerendering. Without given locals, it passes those of prerendered routes. */
export function withPrerenderedLocals<App extends RenderingApp>(app: App): App {
	const render: RenderingApp['render'] = (request, options) =>
		app.render(request, { locals: localsOf(request, options), ...options });
	return new Proxy(app, {
		get(_, key) {
			if (key === 'render') return render;
			const value: unknown = Reflect.get(app, key);
			// The app is `this`, because a proxy lacks its private fields.
			return typeof value === 'function' ? value.bind(app) : value;
		},
	});
}

function localsOf({ url }: Request, options: RenderOptions | undefined): object {
	return prerenderedLocals(options?.routeData?.route ?? new URL(url).pathname);
}
