import type { ChannelInfo, ConnectionInfo } from '../report/events.ts';
import { button, element, type PageElement } from './dom.ts';

/** What a person has selected at the side. */
export interface Selection {
	readonly connection: number | undefined;
	readonly channel: string | undefined;
}

export const NOTHING: Selection = { connection: undefined, channel: undefined };

/** The lists of connections and channels. */
export class Side {
	readonly element: PageElement = element('nav', { class: 'side', 'aria-label': 'Connections' });
	readonly #onSelect: (selection: Selection) => void;
	/** The content of the lists, so that they are not drawn again without a change. */
	#drawn = '';

	constructor(onSelect: (selection: Selection) => void) {
		this.#onSelect = onSelect;
	}

	draw(
		connections: readonly ConnectionInfo[],
		channels: readonly ChannelInfo[],
		selection: Selection,
	): void {
		const drawn = JSON.stringify([connections, channels, selection]);
		if (drawn === this.#drawn) return;
		this.#drawn = drawn;
		const focused = this.#focused;
		// The newest first, and open ones before closed ones.
		const sorted = [...connections].sort(
			(one, other) => Number(isClosed(one)) - Number(isClosed(other)) || other.number - one.number,
		);
		this.element.replaceChildren(
			element('h2', {}, 'Connections'),
			...(sorted.length === 0 ? [element('p', {}, 'None yet.')] : []),
			...sorted.map((info) => this.#connection(info, selection)),
			...(channels.length === 0 ? [] : [element('h2', {}, 'Channels')]),
			...channels.map((info) => this.#channel(info, selection)),
		);
		this.#focus(focused);
	}

	#connection(info: ConnectionInfo, { connection }: Selection): HTMLElement {
		const { number, path, toServer, toClient, code } = info;
		const isSelected = connection === number;
		const state = code === undefined ? '' : `closed ${code} · `;
		const entry = button(
			'',
			() => this.#onSelect(isSelected ? NOTHING : { ...NOTHING, connection: number }),
			{
				'aria-pressed': String(isSelected),
				'data-key': `connection ${number}`,
				title: `${path} — ${toServer.messages} messages to the server, ${toClient.messages} to the client`,
			},
		);
		entry.append(
			element('span', { class: 'dot', 'data-closed': isClosed(info) ? '' : undefined }),
			element('span', { class: 'name' }, path),
			element('span', { class: 'count' }, `#${number}`),
			element('span', { class: 'more' }, `${state}↑ ${toServer.messages}  ↓ ${toClient.messages}`),
		);
		return entry;
	}

	#channel({ name, members, presentCount }: ChannelInfo, { channel }: Selection): HTMLElement {
		const isSelected = channel === name;
		const entry = button(
			'',
			() => this.#onSelect(isSelected ? NOTHING : { ...NOTHING, channel: name }),
			{ 'aria-pressed': String(isSelected), 'data-key': `channel ${name}`, title: name },
		);
		const present = presentCount === undefined ? '' : ` · ${presentCount} present`;
		const count = members.length === 1 ? '1 member' : `${members.length} members`;
		entry.append(
			element('span', { class: 'dot', 'data-closed': members.length === 0 ? '' : undefined }),
			element('span', { class: 'name' }, name),
			element('span', {}),
			element('span', { class: 'more' }, count + present),
		);
		return entry;
	}

	/** The key of the entry that has the focus. */
	get #focused(): string | undefined {
		const root = this.element.getRootNode();
		const active = root instanceof ShadowRoot ? root.activeElement : null;
		return active instanceof HTMLElement && this.element.contains(active)
			? active.dataset.key
			: undefined;
	}

	#focus(key: string | undefined): void {
		if (key === undefined) return;
		for (const entry of this.element.querySelectorAll<HTMLElement>('[data-key]')) {
			if (entry.dataset.key === key) entry.focus();
		}
	}
}

function isClosed({ closedAt }: ConnectionInfo): boolean {
	return closedAt !== undefined;
}
