import * as Y from 'yjs';
import { sync } from './sync.ts';

/** The origin of this page's own changes, which it can undo. */
const OWN = 'own';
/** The distance of one press of an arrow key, in units of the drawing. */
const STEP = 20;
const ARROWS: Record<string, readonly [x: number, y: number]> = {
	ArrowLeft: [-STEP, 0],
	ArrowRight: [STEP, 0],
	ArrowUp: [0, -STEP],
	ArrowDown: [0, STEP],
};

/** A line: its `color`, and its `points`, x and y in turn. */
type Stroke = Y.Map<string | Y.Array<number>>;

class WhiteBoard extends HTMLElement {
	#leave = () => {};

	connectedCallback() {
		const form = this.querySelector('form') as HTMLFormElement;
		const svg = this.querySelector('svg') as SVGSVGElement;
		const output = this.querySelector('output') as HTMLOutputElement;
		const status = this.querySelector('[role=status]') as HTMLElement;

		const doc = new Y.Doc();
		const strokes = doc.getArray<Stroke>('strokes');
		// A stroke is undone as a whole: see `begin()`.
		const undo = new Y.UndoManager(strokes, {
			trackedOrigins: new Set([OWN]),
			captureTimeout: Number.MAX_SAFE_INTEGER,
		});
		const room = sync(doc, this.dataset.board ?? '', (text) => status.replaceChildren(text));
		this.#leave = () => room.leave();
		room.status.subscribe(({ state }) => this.setAttribute('data-state', state));
		room.presence.count.subscribe((count) => output.replaceChildren(`${count} here`));

		let isDrawn = true;
		strokes.observeDeep(() => {
			if (isDrawn) requestAnimationFrame(draw);
			isDrawn = false;
		});

		function draw() {
			isDrawn = true;
			const paths = strokes.map((stroke) => {
				const path = document.createElementNS(svg.namespaceURI, 'path') as SVGPathElement;
				const points = stroke.get('points') as Y.Array<number>;
				path.setAttribute('class', String(stroke.get('color')));
				path.setAttribute('d', `M${points.toArray().join(' ')}`);
				return path;
			});
			svg.querySelector('g')?.replaceChildren(...paths);
		}

		let points: Y.Array<number> | undefined;

		function begin(x: number, y: number) {
			undo.stopCapturing();
			const stroke: Stroke = new Y.Map();
			const line = new Y.Array<number>();
			stroke.set('color', String(new FormData(form).get('color')));
			stroke.set('points', line);
			doc.transact(() => strokes.push([stroke]), OWN);
			points = line;
			// A dot, until the pen moves.
			go(x, y);
			go(x, y);
		}

		function go(x: number, y: number) {
			const line = points;
			if (line) doc.transact(() => line.push([Math.round(x), Math.round(y)]), OWN);
		}

		function place({ clientX, clientY }: PointerEvent) {
			return new DOMPoint(clientX, clientY).matrixTransform(svg.getScreenCTM()?.inverse());
		}

		svg.addEventListener('pointerdown', (event) => {
			if (event.button !== 0) return;
			svg.setPointerCapture(event.pointerId);
			const { x, y } = place(event);
			begin(x, y);
		});
		svg.addEventListener('pointermove', (event) => {
			if (!svg.hasPointerCapture(event.pointerId)) return;
			const { x, y } = place(event);
			go(x, y);
		});
		svg.addEventListener('lostpointercapture', () => {
			points = undefined;
		});

		const pen = { x: 800, y: 500 };
		const circle = svg.querySelector('circle');
		const show = () => circle?.setAttribute('transform', `translate(${pen.x} ${pen.y})`);
		show();
		svg.addEventListener('keydown', (event) => {
			const [x, y] = ARROWS[event.key] ?? [0, 0];
			if (event.key === ' ') {
				if (points) points = undefined;
				else begin(pen.x, pen.y);
			} else if (x || y) {
				pen.x = Math.min(1600, Math.max(0, pen.x + x));
				pen.y = Math.min(1000, Math.max(0, pen.y + y));
				show();
				go(pen.x, pen.y);
			} else return;
			event.preventDefault();
		});

		this.addEventListener('keydown', (event) => {
			if (event.key !== 'z' || !(event.ctrlKey || event.metaKey)) return;
			event.preventDefault();
			undo.undo();
		});
		this.querySelector('[name=undo]')?.addEventListener('click', () => undo.undo());
		this.querySelector('[name=clear]')?.addEventListener('click', () => {
			undo.stopCapturing();
			doc.transact(() => strokes.delete(0, strokes.length), OWN);
		});
	}

	disconnectedCallback() {
		this.#leave();
	}
}
customElements.define('white-board', WhiteBoard);
