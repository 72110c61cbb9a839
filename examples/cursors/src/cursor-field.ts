import { channels } from 'zastro:realtime/client';

/** The distance of one press of an arrow key, as a part of the field. */
const STEP = 0.02;
const ARROWS: Record<string, readonly [x: number, y: number]> = {
	ArrowLeft: [-STEP, 0],
	ArrowRight: [STEP, 0],
	ArrowUp: [0, -STEP],
	ArrowDown: [0, STEP],
};

const limited = (part: number) => Math.min(1, Math.max(0, part));

class CursorField extends HTMLElement {
	#leave = () => {};

	connectedCallback() {
		const { page = '' } = this.dataset;
		const field = this.querySelector('.field') as HTMLElement;
		const list = this.querySelector('ul');
		const output = this.querySelector('output');
		const input = this.querySelector('input') as HTMLInputElement;
		const me = { name: `Guest ${Math.floor(Math.random() * 100)}`, hue: Math.random() * 360 };
		input.value = me.name;

		const room = channels.pages({ page }).join({ presence: me });
		this.#leave = () => room.leave();
		room.status.subscribe(({ state }) => {
			this.dataset.state = state;
		});
		input.addEventListener('input', () => {
			me.name = input.value;
			room.presence.update(me);
		});

		const cursors = new Map<string, HTMLElement>();
		/** The cursor of a member, made when the member moves for the first time. */
		const cursorOf = (who: string) => {
			const known = cursors.get(who);
			if (known) return known;
			const cursor = field.appendChild(document.createElement('div'));
			cursor.className = 'cursor';
			cursors.set(who, cursor);
			label();
			return cursor;
		};
		room.on('moved', ({ who, x, y }) => {
			const { style } = cursorOf(who);
			style.setProperty('--x', String(x));
			style.setProperty('--y', String(y));
		});

		/** Names and colours come from the presence, and so does the end of a cursor. */
		function label() {
			const members = room.presence.get();
			const present = new Map(members.map(({ id, data }) => [id, data]));
			for (const [who, cursor] of cursors) {
				const data = present.get(who);
				if (data) {
					cursor.replaceChildren(data.name);
					cursor.style.setProperty('--hue', String(data.hue));
				} else {
					cursor.remove();
					cursors.delete(who);
				}
			}
			const entries = members.map(({ data }) => {
				const entry = document.createElement('li');
				entry.append(data.name);
				entry.style.setProperty('--hue', String(data.hue));
				return entry;
			});
			list?.replaceChildren(...entries);
			output?.replaceChildren(`${members.length} here`);
		}
		room.presence.subscribe(label);

		const own = { x: 0.5, y: 0.5 };
		let isDue = false;
		/** Sends at most one place per frame. */
		function move(x: number, y: number) {
			own.x = limited(x);
			own.y = limited(y);
			if (isDue) return;
			isDue = true;
			requestAnimationFrame(() => {
				isDue = false;
				void room.send('move', own);
			});
		}
		field.addEventListener('pointermove', ({ clientX, clientY }) => {
			const { left, top, width, height } = field.getBoundingClientRect();
			move((clientX - left) / width, (clientY - top) / height);
		});
		field.addEventListener('keydown', (event) => {
			const arrow = ARROWS[event.key];
			if (!arrow) return;
			event.preventDefault();
			move(own.x + arrow[0], own.y + arrow[1]);
		});
	}

	disconnectedCallback() {
		this.#leave();
	}
}
customElements.define('cursor-field', CursorField);
