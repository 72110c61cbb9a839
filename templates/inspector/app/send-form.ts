import type { Action, ConnectionInfo } from '../report/events.ts';
import { MAX_BY_HAND } from '../report/limits.ts';
import { element, type PageElement } from './dom.ts';

/** What was typed, by connection: the form is drawn again while it is used. */
const drafts: Map<number, HTMLElement> = new Map();

/** A form that sends a message by hand. A connection has one, whose text stays. */
export function sendForm(info: ConnectionInfo, act: (action: Action) => void): PageElement {
	const key = `${info.number} ${info.channels.join()}`;
	const known = drafts.get(info.number);
	if (known?.dataset.key === key) return known;
	const created = createForm(info, act);
	created.dataset.key = key;
	drafts.set(info.number, created);
	return created;
}

function createForm(
	{ number: connection, channels, isRealtime }: ConnectionInfo,
	act: (action: Action) => void,
): HTMLElement {
	const to = element('select', { 'aria-label': 'Send to' });
	const option = (value: string, label: string): void => {
		to.append(Object.assign(element('option', {}, label), { value }));
	};
	if (isRealtime) for (const channel of channels) option(`channel ${channel}`, `in ${channel}`);
	option('server', 'to the server');
	option('client', 'to the client');
	const name = element('input', { 'aria-label': 'Name of the message', class: 'mono' });
	name.placeholder = 'name';
	const content = element('textarea', { 'aria-label': 'Message', class: 'mono' });
	content.maxLength = MAX_BY_HAND;
	const submit = element('button', { class: 'send' }, 'Send');
	const form = element('form', {}, to, name, content, submit);

	const update = (): void => {
		const isChannel = to.value.startsWith('channel ');
		name.hidden = !isChannel;
		name.required = isChannel;
		content.placeholder = isChannel ? '{"text": "hello"}' : 'A text message';
		check();
	};
	/** Data of a channel is JSON. */
	const check = (): void => {
		content.setCustomValidity(name.hidden || isJson(content.value) ? '' : 'This is not JSON.');
	};
	to.addEventListener('change', update);
	content.addEventListener('input', check);
	content.addEventListener('keydown', (event) => {
		if (event.key !== 'Enter' || event.shiftKey) return;
		event.preventDefault();
		form.requestSubmit();
	});
	form.addEventListener('submit', (event) => {
		event.preventDefault();
		const [, channel] = /^channel (.*)$/.exec(to.value) ?? [];
		if (channel !== undefined) {
			act({ type: 'say', connection, channel, name: name.value, data: content.value });
		} else {
			const receiver = to.value === 'client' ? 'client' : 'server';
			act({ type: 'send', connection, to: receiver, text: content.value });
		}
		content.select();
	});
	update();
	return form;
}

function isJson(text: string): boolean {
	if (text.trim() === '') return true;
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}
