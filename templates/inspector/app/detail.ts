import type { Action, ChannelInfo, ConnectionInfo, Place, Row } from '../report/events.ts';
import { duration, size, timeOfDay } from '../report/units.ts';
import { button, element, type PageElement } from './dom.ts';
import { sendForm } from './send-form.ts';

/** Does what a person asks for. */
type Act = (action: Action) => void;

/** A row in full. */
export function rowDetail(row: Row, close: () => void): PageElement {
	const { label, channel, connection, to, hint, place } = row;
	const title = [label, channel, connection === undefined ? undefined : `#${connection}`];
	return element(
		'section',
		{ class: 'detail', 'aria-label': 'Details' },
		element(
			'header',
			{},
			element('h2', {}, title.filter((part) => part !== undefined).join(' · ')),
			place && openButton(place),
			button('✕', close, { 'aria-label': 'Close the details' }),
		),
		facts([
			['at', timeOfDay(row.at)],
			['to the', to],
			['size', row.size === undefined ? undefined : size(row.size)],
			['took', row.duration === undefined ? undefined : duration(row.duration)],
			['sent', row.isByHand === true ? 'by hand' : undefined],
		]),
		row.text === '' ? undefined : element('pre', { class: 'mono' }, pretty(row.text)),
		hint === undefined ? undefined : element('p', { class: 'hint' }, ...prose(hint)),
	);
}

/** A connection, and what can be done with it. */
export function connectionDetail(info: ConnectionInfo, act: Act, close: () => void): PageElement {
	const { number: connection, path, protocol, isRealtime, toServer, toClient } = info;
	const isOpen = info.closedAt === undefined;
	const end = button(isRealtime ? 'Reconnect' : 'Close', () => act({ type: 'close', connection }), {
		title: isRealtime
			? 'Closes the connection with 1012. The client comes back.'
			: 'Closes the connection with 1001.',
	});
	const drop = button('Drop', () => act({ type: 'drop', connection }), {
		title: 'Cuts the connection without a closing handshake, like a lost network.',
	});
	end.disabled = !isOpen;
	drop.disabled = !isOpen;
	return element(
		'section',
		{ class: 'detail', 'aria-label': 'Connection' },
		element(
			'header',
			{},
			element('h2', {}, `#${connection} ${path}`),
			end,
			drop,
			button('✕', close, { 'aria-label': 'Close the details' }),
		),
		facts([
			['since', timeOfDay(info.openedAt)],
			['protocol', protocol],
			['to the server', `${toServer.messages} · ${size(toServer.bytes)}`],
			['to the client', `${toClient.messages} · ${size(toClient.bytes)}`],
			['channels', info.channels.join(', ')],
			['closed', info.code === undefined ? undefined : String(info.code)],
		]),
		isOpen ? sendForm(info, act) : undefined,
	);
}

/** A channel and its members. */
export function channelDetail(info: ChannelInfo, close: () => void): PageElement {
	const { name, members, present, presentCount = 0, toServer, toClient } = info;
	return element(
		'section',
		{ class: 'detail', 'aria-label': 'Channel' },
		element(
			'header',
			{},
			element('h2', {}, name),
			button('✕', close, { 'aria-label': 'Close the details' }),
		),
		facts([
			['members', members.map((member) => `#${member}`).join(' ') || 'none'],
			['present', present === undefined ? undefined : String(presentCount)],
			['messages to the server', String(toServer)],
			['to clients', String(toClient)],
		]),
		present === undefined
			? undefined
			: element(
					'ul',
					{ class: 'present' },
					...present.map(({ id, user, data }) =>
						element('li', {}, `${user || id} `, element('span', { class: 'mono' }, data)),
					),
				),
	);
}

/** Opens a file in the editor, by the dev server. */
function openButton({ file, shown, line, column }: Place): HTMLElement {
	const query = new URLSearchParams({ file: `${file}:${line}:${column}` });
	const open = (): void => void fetch(`/__open-in-editor?${query}`);
	return button(`${shown}:${line}`, open, { class: 'link', title: 'Open in the editor' });
}

function facts(all: readonly (readonly [string, string | undefined])[]): HTMLElement {
	const shown = all.filter(([, value]) => value !== undefined && value !== '');
	return element(
		'div',
		{ class: 'facts' },
		...shown.map(([name, value = '']) => element('span', {}, `${name} `, element('b', {}, value))),
	);
}

/** A text whose parts between backticks are code. */
function prose(text: string): (string | HTMLElement)[] {
	return text.split('`').map((part, at) => (at % 2 === 1 ? element('code', {}, part) : part));
}

/** JSON on several lines, other text as it is. */
function pretty(text: string): string {
	try {
		return JSON.stringify(JSON.parse(text), undefined, 2);
	} catch {
		return text;
	}
}
