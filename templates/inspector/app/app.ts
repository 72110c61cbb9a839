/** The app that the integration adds to Astro's dev toolbar. */

import { ACT, type Action, UPDATE, type Update, WATCH, type Watch } from '../report/events.ts';
import { WATCH_INTERVAL } from '../report/limits.ts';
import { element, type PageShadow } from './dom.ts';
import { STYLE } from './style.ts';
import { View } from './view.ts';

/** The used part of what Astro gives to an app. */
interface ToolbarApp {
	onToggled(listener: (event: { readonly state: boolean }) => void): void;
	toggleNotification(options: { readonly state: boolean; readonly level?: string }): void;
}

interface ServerHelpers {
	send(event: string, data: Watch | Action): void;
	on(event: string, listener: (data: Update) => void): void;
}

interface InspectorApp {
	init(canvas: PageShadow, app: ToolbarApp, server: ServerHelpers): void;
}

const app: InspectorApp = {
	init(canvas, toolbar, server) {
		const view = new View((action) => server.send(ACT, action));
		const frame = document.createElement('astro-dev-toolbar-window');
		frame.append(view.element);
		const style = element('style', {}, STYLE);
		let isOpen = false;
		let timer: number | undefined;
		const watch = (): void => server.send(WATCH, view.position);
		/** Before Astro 7, a client-side navigation empties the canvas. */
		const show = (): void => {
			if (!canvas.contains(frame)) canvas.append(style, frame);
		};
		server.on(UPDATE, (update) => {
			if (isOpen) view.update(update);
		});
		toolbar.onToggled(({ state }) => {
			isOpen = state;
			clearInterval(timer);
			if (!isOpen) return;
			show();
			watch();
			timer = setInterval(watch, WATCH_INTERVAL);
			view.opened();
		});
		document.addEventListener('astro:after-swap', show);
		show();
	},
};

export default app;
