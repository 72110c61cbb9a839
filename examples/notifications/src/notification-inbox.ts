import { actions, isInputError } from 'astro:actions';
import { channels, socket } from 'zastro:realtime/client';

const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'short' });

class NotificationInbox extends HTMLElement {
	#leave = () => {};

	connectedCallback() {
		const { user = '', position = '' } = this.dataset;
		const left = new AbortController();
		const { signal } = left;
		const list = this.querySelector('ol') as HTMLOListElement;
		const template = this.querySelector('template') as HTMLTemplateElement;
		const output = this.querySelector('output') as HTMLOutputElement;
		const news = this.querySelector('section [role=status]') as HTMLElement;
		const { title } = document;

		const inbox = channels.inbox({ user }).join({
			since: position,
			signal,
			// The server renders what this page has missed.
			onGap: () => location.reload(),
		});
		inbox.status.subscribe(({ state }) => {
			this.dataset.state = state;
		});
		inbox.on('notified', ({ from, text }, { id, at }) => {
			const item = template.content.querySelector('li')?.cloneNode(true) as HTMLLIElement;
			item.dataset.id = id;
			item.querySelector('b')?.replaceChildren(from);
			item.querySelector('span')?.replaceChildren(text);
			item.querySelector('time')?.setAttribute('datetime', new Date(at).toISOString());
			list.prepend(item);
			news.replaceChildren(`${from}: ${text}`);
			show();
		});
		inbox.on('read', ({ id }) => {
			const item = list.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`);
			if (!item) return;
			item.dataset.read = 'true';
			show();
			// The button goes away: the keyboard continues at the next one.
			if (!item.contains(document.activeElement)) return;
			const next = list.querySelector<HTMLElement>('[data-read=false] button');
			(next ?? this.querySelector('h2'))?.focus();
		});
		// What the server sends to a user without a channel: it is neither typed nor kept.
		socket.on(
			'message',
			(message) => {
				const { reader, text } = message as { reader: string; text: string };
				news.replaceChildren(`${reader} has read: ${text}`);
			},
			{ signal },
		);
		list.addEventListener('click', ({ target }) => {
			const button = (target as HTMLElement).closest('button');
			const { id } = button?.closest('li')?.dataset ?? {};
			if (!id) return;
			inbox.send('read', { id }).catch(({ message }) => news.replaceChildren(message));
		});

		/** Times as they are here, and the number of what is unread. */
		function show() {
			for (const time of list.querySelectorAll('time')) {
				time.replaceChildren(TIME.format(new Date(time.dateTime)));
			}
			const unread = list.querySelectorAll('[data-read=false]').length;
			output.replaceChildren(`${unread} unread`);
			document.title = unread > 0 ? `(${unread}) ${title}` : title;
		}
		show();

		const form = this.querySelector('form') as HTMLFormElement;
		form.addEventListener('submit', async (event) => {
			event.preventDefault();
			const { data, error } = await actions.notify(new FormData(form));
			const failure = isInputError(error) ? Object.values(error.fields).join(' ') : error?.message;
			form.querySelector('[role=status]')?.replaceChildren(failure ?? data ?? '');
			if (!error) form.reset();
		});
		this.#leave = () => left.abort();
	}

	disconnectedCallback() {
		this.#leave();
	}
}
customElements.define('notification-inbox', NotificationInbox);
