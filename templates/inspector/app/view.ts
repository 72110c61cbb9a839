import type {
	Action,
	ChannelInfo,
	ConnectionInfo,
	Row,
	RowKind,
	Update,
} from '../report/events.ts';
import { ShownRows } from '../report/filter.ts';
import { MAX_ROWS } from '../report/limits.ts';
import { channelDetail, connectionDetail, rowDetail } from './detail.ts';
import { button, element, type PageElement } from './dom.ts';
import { List } from './list.ts';
import { NOTHING, type Selection, Side } from './side.ts';

/** The kinds of rows, and whether the list shows them at first. */
const KINDS: readonly (readonly [RowKind, string, boolean])[] = [
	['message', 'Messages', true],
	['handshake', 'Handshakes', true],
	['error', 'Errors', true],
	['control', 'Protocol', false],
];

/** The inspector: a bar, the connections and channels at the side, the log, and details. */
export class View {
	readonly element: PageElement = element('div', { class: 'inspector' });
	readonly #act: (action: Action) => void;
	readonly #rows: ShownRows = new ShownRows(MAX_ROWS);
	readonly #kinds: Set<RowKind> = new Set();
	readonly #input: HTMLInputElement = element('input', { 'aria-label': 'Filter' });
	readonly #pause: HTMLButtonElement = button('Pause', () => this.#togglePause());
	readonly #side: Side = new Side((selection) => this.#selectAtSide(selection));
	readonly #list: List = new List((row) => this.#selectRow(row));
	readonly #detail: HTMLElement = element('div', { class: 'details' });
	#connections: readonly ConnectionInfo[] = [];
	#channels: readonly ChannelInfo[] = [];
	#selection: Selection = NOTHING;
	#row: Row | undefined;
	/** What the details show, so that they are not drawn again without a change. */
	#drawnDetail = '';

	constructor(act: (action: Action) => void) {
		this.#act = act;
		this.#input.type = 'search';
		this.#input.placeholder = 'Filter: words, #3, a channel …';
		this.#input.addEventListener('input', () => this.#drawList());
		this.#pause.title = 'P';
		const main = element('div', { class: 'main' }, this.#list.element, this.#detail);
		this.element.append(this.#bar(), element('div', { class: 'panes' }, this.#side.element, main));
		this.element.addEventListener('keydown', (event) => this.#onKey(event));
		this.#draw();
	}

	/** The number of the last row, for the server. */
	get position(): ShownRows['position'] {
		return this.#rows.position;
	}

	update({ run, rows, connections, channels }: Update): void {
		const { run: before, since } = this.position;
		this.#rows.add(run, rows);
		this.#connections = connections;
		this.#channels = channels;
		this.#drawSide();
		const isSame = run === before && this.position.since === since;
		if (!isSame) this.#drawList();
	}

	/** A person has opened the inspector. */
	opened(): void {
		this.#list.element.focus();
	}

	#bar(): HTMLElement {
		const chips = KINDS.map(([kind, label, isOn]) => {
			if (isOn) this.#kinds.add(kind);
			const chip = button(
				label,
				() => {
					if (!this.#kinds.delete(kind)) this.#kinds.add(kind);
					chip.setAttribute('aria-pressed', String(this.#kinds.has(kind)));
					this.#drawList();
				},
				{ 'aria-pressed': String(isOn) },
			);
			return chip;
		});
		const clear = button('Clear', () => {
			this.#rows.clear();
			this.#list.unselect();
			this.#drawList();
		});
		return element(
			'header',
			{ class: 'bar' },
			element('h1', {}, 'WebSockets'),
			this.#input,
			element('div', { class: 'chips', role: 'group', 'aria-label': 'Kinds of rows' }, ...chips),
			this.#pause,
			clear,
		);
	}

	#onKey(event: KeyboardEvent): void {
		const { target, key } = event;
		const isTyping =
			target instanceof HTMLInputElement ||
			target instanceof HTMLTextAreaElement ||
			target instanceof HTMLSelectElement;
		if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
		if (key === '/') this.#input.focus();
		else if (key === 'p') this.#togglePause();
		else return;
		event.preventDefault();
	}

	#togglePause(): void {
		if (this.#rows.isPaused) this.#rows.resume();
		else this.#rows.pause();
		this.#pause.setAttribute('aria-pressed', String(this.#rows.isPaused));
		this.#drawList();
	}

	#selectAtSide(selection: Selection): void {
		this.#selection = selection;
		this.#row = undefined;
		this.#list.unselect();
		this.#draw();
	}

	#selectRow(row: Row | undefined): void {
		this.#row = row;
		this.#drawDetail();
	}

	#draw(): void {
		this.#drawSide();
		this.#drawList();
	}

	#drawSide(): void {
		this.#side.draw(this.#connections, this.#channels, this.#selection);
		this.#drawDetail();
	}

	#drawList(): void {
		const { waiting, isPaused } = this.#rows;
		const text = this.#input.value;
		const rows = this.#rows.shown({ text, kinds: this.#kinds, ...this.#selection });
		this.#pause.textContent = isPaused ? `Resume${waiting > 0 ? ` (${waiting})` : ''}` : 'Pause';
		this.#list.draw(rows, this.#empty());
	}

	#empty(): HTMLElement {
		const isNew = this.#connections.length === 0;
		return element(
			'p',
			{ class: 'empty' },
			element('strong', {}, isNew ? 'No WebSocket has connected yet.' : 'No row matches.'),
			isNew
				? 'Connections and refused handshakes of this dev server appear here.'
				: 'Change the filter, or select nothing at the side.',
		);
	}

	#drawDetail(): void {
		const { connection, channel } = this.#selection;
		const open = this.#connections.find(({ number }) => number === connection);
		const joined = this.#channels.find(({ name }) => name === channel);
		const drawn = JSON.stringify([this.#row, open, joined]);
		if (drawn === this.#drawnDetail) return;
		this.#drawnDetail = drawn;
		const detail = this.#detailOf(open, joined);
		const focused = this.#detail.getRootNode();
		const active = focused instanceof ShadowRoot ? focused.activeElement : null;
		const hadFocus = active instanceof HTMLElement && this.#detail.contains(active);
		this.#detail.replaceChildren(...(detail === undefined ? [] : [detail]));
		if (!hadFocus) return;
		// The form is moved, and the buttons are created again. One that is gone, or cannot be pressed any
		// more, leaves the focus to the list: its keys go on working.
		if (this.#detail.contains(active)) active.focus();
		else (this.#buttonLike(active) ?? this.#list.element).focus();
	}

	/** The button of the details that has taken the place of another one. */
	#buttonLike({ textContent }: HTMLElement): HTMLElement | undefined {
		const buttons = [...this.#detail.querySelectorAll('button')];
		return buttons.find((button) => button.textContent === textContent && !button.disabled);
	}

	#detailOf(
		connection: ConnectionInfo | undefined,
		channel: ChannelInfo | undefined,
	): HTMLElement | undefined {
		if (this.#row !== undefined) return rowDetail(this.#row, () => this.#list.unselect());
		const close = (): void => this.#selectAtSide(NOTHING);
		if (connection !== undefined) return connectionDetail(connection, this.#act, close);
		return channel && channelDetail(channel, close);
	}
}
