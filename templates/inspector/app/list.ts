import type { Row } from '../report/events.ts';
import { duration, size, timeOfDay } from '../report/units.ts';
import { element, type PageElement } from './dom.ts';

/** Pixels from its end within which the list follows new rows. */
const NEAR_END = 24;

/** The log: one line for each row. The arrow keys move the selection. */
export class List {
	readonly element: PageElement = element('div', {
		class: 'list',
		role: 'listbox',
		'aria-label': 'Messages',
	});
	readonly #onSelect: (row: Row | undefined) => void;
	#rows: readonly Row[] = [];
	#selected: Row | undefined;

	constructor(onSelect: (row: Row | undefined) => void) {
		this.#onSelect = onSelect;
		this.element.tabIndex = 0;
		this.element.addEventListener('keydown', (event) => this.#onKey(event));
		this.element.addEventListener('click', ({ target }) => {
			const line = target instanceof Element ? target.closest<HTMLElement>('.row') : null;
			if (line !== null) this.#select(this.#rows[Number(line.dataset.index)]);
		});
	}

	/** @param empty Shown if there are no rows. */
	draw(rows: readonly Row[], empty: PageElement): void {
		const { element: list } = this;
		const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END;
		this.#rows = rows;
		list.replaceChildren(
			...(rows.length === 0 ? [empty] : rows.map((row, at) => this.#line(row, at))),
		);
		if (isAtEnd) list.scrollTop = list.scrollHeight;
	}

	unselect(): void {
		this.#select(undefined);
	}

	#line(row: Row, index: number): HTMLElement {
		const { kind, to, label, text, channel, isByHand, isBad } = row;
		const arrow = to === undefined ? '' : to === 'server' ? '↑' : '↓';
		const name = channel === undefined ? undefined : element('span', { class: 'channel' }, channel);
		return element(
			'div',
			{
				class: 'row',
				role: 'option',
				'aria-selected': String(row.number === this.#selected?.number),
				'data-index': String(index),
				'data-kind': kind,
				'data-bad': isBad === true ? '' : undefined,
			},
			element('span', { class: 'time' }, timeOfDay(row.at)),
			element(
				'span',
				{ class: 'number' },
				row.connection === undefined ? '' : `#${row.connection}`,
			),
			element('span', { class: 'arrow', 'data-to': to, 'aria-label': nameOf(to) }, arrow),
			element(
				'span',
				{ class: 'label' },
				label,
				isByHand === true
					? element('span', { class: 'hand', title: 'Sent by hand' }, ' ✎')
					: undefined,
			),
			element('span', { class: 'text mono' }, name, text),
			element('span', { class: 'size' }, measureOf(row)),
		);
	}

	#onKey(event: KeyboardEvent): void {
		const at = this.#rows.findIndex(({ number }) => number === this.#selected?.number);
		const last = this.#rows.length - 1;
		const next = {
			ArrowDown: at === -1 ? last : Math.min(at + 1, last),
			ArrowUp: at === -1 ? last : Math.max(at - 1, 0),
			Home: 0,
			End: last,
		}[event.key];
		if (next === undefined || last < 0) return;
		event.preventDefault();
		this.#select(this.#rows[next]);
		this.element.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
	}

	#select(row: Row | undefined): void {
		this.#selected = row;
		for (const line of this.element.querySelectorAll<HTMLElement>('.row')) {
			const { number } = this.#rows[Number(line.dataset.index)] ?? {};
			line.setAttribute('aria-selected', String(row !== undefined && number === row.number));
		}
		this.#onSelect(row);
	}
}

function nameOf(to: Row['to']): string | undefined {
	return to && `to the ${to}`;
}

function measureOf({ size: bytes, duration: taken }: Row): string {
	const parts = [
		bytes === undefined ? '' : size(bytes),
		taken === undefined ? '' : duration(taken),
	];
	return parts.filter(Boolean).join(' · ');
}
