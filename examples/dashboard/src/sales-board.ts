import { channels } from 'zastro:realtime/client';
import { type Totals, withSale } from './totals.ts';

const SHOWS = ['Hamlet', 'The Seagull', 'A Doll’s House', 'Tartuffe'];
const PRICE = 24;
const NUMBER = new Intl.NumberFormat();

class SalesBoard extends HTMLElement {
	#leave = () => {};

	connectedCallback() {
		const { position = '', totals: rendered = '' } = this.dataset;
		let totals: Totals = JSON.parse(rendered);
		const show = (next: Totals) => {
			totals = next;
			this.#draw(totals);
		};
		show(totals);

		const sales = channels.sales().join({
			since: position,
			// The server renders what this page has missed.
			onGap: () => location.reload(),
		});
		sales.on('sold', (sale) => show(withSale(totals, sale)));
		// The state of the server, in place of sales that this page has missed.
		sales.on('totals', show);
		sales.status.subscribe(({ state }) => {
			this.dataset.state = state;
			this.querySelector('output')?.replaceChildren(state === 'open' ? 'Live' : 'Connecting…');
		});
		this.#leave = () => sales.leave();

		this.querySelector('button')?.addEventListener('click', () => {
			const name = SHOWS[Math.floor(Math.random() * SHOWS.length)];
			void fetch('/api/sales', {
				method: 'POST',
				headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
				body: JSON.stringify({ show: name, tickets: 1, euros: PRICE }),
			});
		});
	}

	disconnectedCallback() {
		this.#leave();
	}

	#draw({ tickets, euros, byShow }: Totals) {
		for (const [name, value] of Object.entries({ tickets, euros })) {
			this.querySelector(`[data-name=${name}]`)?.replaceChildren(NUMBER.format(value));
		}
		const shows = Object.entries(byShow).sort(([, one], [, two]) => two - one);
		const rows = shows.map(([name, count]) => {
			const row = document.createElement('tr');
			const title = row.appendChild(document.createElement('th'));
			title.scope = 'row';
			title.append(name);
			const meter = document.createElement('meter');
			meter.max = shows[0]?.[1] ?? 1;
			meter.value = count;
			row.insertCell().append(meter);
			row.insertCell().append(NUMBER.format(count));
			return row;
		});
		this.querySelector('tbody')?.replaceChildren(...rows);
	}
}
customElements.define('sales-board', SalesBoard);
