import { channels } from 'zastro:realtime/client';

/** The readings of the curve, which is 40 units high. */
const MOST = 120;
const HEIGHT = 40;
/** The degrees that the curve spans at least. */
const SPAN = 4;
/** Milliseconds without a reading after which a device is away. */
const PATIENCE = 5000;

const DEGREES = new Intl.NumberFormat(undefined, {
	minimumFractionDigits: 1,
	maximumFractionDigits: 1,
});

class DevicePanel extends HTMLElement {
	#leave = () => {};

	connectedCallback() {
		const { device = '', position = '' } = this.dataset;
		const form = this.querySelector('form') as HTMLFormElement;
		const status = this.querySelector('[role=status]') as HTMLElement;
		const room = channels.devices({ device }).join({
			since: position,
			// The server renders the target that this page has missed.
			onGap: () => location.reload(),
		});
		room.status.subscribe(({ state }) => {
			this.dataset.state = state;
		});

		const curve: number[] = [];
		let timer: ReturnType<typeof setTimeout> | undefined;
		room.on('reading', ({ celsius, isHeating }) => {
			curve.push(celsius);
			if (curve.length > MOST) curve.shift();
			this.querySelector('polyline')?.setAttribute('points', pointsOf(curve));
			this.#show('celsius', celsius);
			tell(isHeating ? 'The device heats.' : 'The device is warm enough.');
			clearTimeout(timer);
			timer = setTimeout(() => tell('The device is away.'), PATIENCE);
		});
		room.on('target', ({ celsius }) => this.#show('target', celsius));

		/** A screen reader reads each change. */
		function tell(text: string) {
			if (status.textContent !== text) status.replaceChildren(text);
		}

		form.addEventListener('submit', (event) => {
			event.preventDefault();
			const celsius = Number(new FormData(form).get('celsius'));
			const answer = (text: string) => form.querySelector('output')?.replaceChildren(text);
			room.send('set', { celsius }).then(
				() => answer('Set, also if the device is away.'),
				({ message }) => answer(`Not set: ${message}`),
			);
		});
		this.#leave = () => {
			clearTimeout(timer);
			room.leave();
		};
	}

	disconnectedCallback() {
		this.#leave();
	}

	#show(name: string, celsius: number) {
		this.querySelector(`[data-name=${name}]`)?.replaceChildren(DEGREES.format(celsius));
	}
}
customElements.define('device-panel', DevicePanel);

/** The newest reading is at the right. */
function pointsOf(curve: readonly number[]): string {
	const middle = (Math.min(...curve) + Math.max(...curve)) / 2;
	const span = Math.max(SPAN, Math.max(...curve) - Math.min(...curve)) * 1.2;
	return curve
		.map((celsius, index) => {
			const x = MOST - curve.length + index;
			const y = HEIGHT / 2 - ((celsius - middle) / span) * HEIGHT;
			return `${x},${y.toFixed(2)}`;
		})
		.join(' ');
}
