import type { Clock } from '../client/base/clock.ts';
import { LINE_END } from '../protocol/constants.ts';
import { readFrames } from '../protocol/frame-content.ts';
import type { ClientParts, ServerParts } from '../protocol/frame-parts.ts';

/** Lines of an error message. A test that failed is about the newest ones. */
const SHOWN_LINES = 40;
/** Characters of a line. */
const LINE_LENGTH = 200;

/** What happened, for the messages of failed tests. */
export class Journal {
	readonly #clock: Clock;
	readonly #start: number;
	readonly #lines: string[] = [];
	/** Also gets the lines. */
	readonly #parent: ((line: string) => void) | undefined;

	constructor(clock: Clock, parent?: (line: string) => void) {
		this.#clock = clock;
		this.#start = clock.now();
		this.#parent = parent;
	}

	add(line: string): void {
		this.note(line);
		this.#parent?.(line);
	}

	/** Adds a line to this journal alone. */
	note(line: string): void {
		const short = line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)}…` : line;
		this.#lines.push(`${String(this.#clock.now() - this.#start).padStart(6)} ms  ${short}`);
	}

	/** A frame of the client. */
	sent(content: string | Uint8Array<ArrayBuffer>): void {
		this.add(`→ ${describeSent(content)}`);
	}

	/** A message of the server, which may hold several frames. */
	received(content: string | Uint8Array<ArrayBuffer>): void {
		const frames = typeof content === 'string' ? content.split(LINE_END) : [content];
		for (const frame of frames) this.add(`← ${describeReceived(frame)}`);
	}

	get lines(): readonly string[] {
		return this.#lines;
	}

	/** The newest lines, indented. */
	get text(): string {
		if (this.#lines.length === 0) return '  nothing';
		const shown = this.#lines.slice(-SHOWN_LINES).map((line) => `  ${line}`);
		const left = this.#lines.length - shown.length;
		return [...(left > 0 ? [`  … ${left} earlier lines`] : []), ...shown].join('\n');
	}
}

/** Empty for what is no frame. */
function frameOf(content: string | Uint8Array<ArrayBuffer>): readonly unknown[] {
	return readFrames(content)[0] ?? [];
}

function describeSent(content: string | Uint8Array<ArrayBuffer>): string {
	const frame = frameOf(content) as ClientParts;
	switch (frame[0]) {
		case 'join':
			return `join ${frame[2]} ${words(frame[3], frame[4])}`;
		case 'send':
			return `send ${frame[3]} ${words(...frame.slice(4))}`;
		case 'cast':
			return `cast ${frame[2]} ${words(...frame.slice(3))}`;
		case 'presence':
			return `presence ${words(frame[2])}`;
		case 'hello':
			return frame[1].session === undefined ? 'hello' : 'hello again';
		default:
			return other(frame, content);
	}
}

function describeReceived(content: string | Uint8Array<ArrayBuffer>): string {
	const frame = frameOf(content) as ServerParts;
	switch (frame[0]) {
		case 'welcome':
			return frame[1].isResumed ? 'welcome back' : 'welcome';
		case 'joined':
			return `joined at ${frame[3].position}`;
		case 'event':
			return `event ${frame[7]} ${words(...frame.slice(8))} at ${frame[2]}`;
		case 'snapshot':
			return `snapshot ${frame[6]} ${words(...frame.slice(7))} at ${frame[2]}`;
		case 'cast':
			return `cast ${frame[3]} ${words(...frame.slice(4))}`;
		case 'gap':
			return `gap: ${frame[2]}, on from ${frame[3]}`;
		case 'members':
			return `members ${words(frame[2])}`;
		case 'changes':
			return `changes of members ${words(frame[2])}`;
		case 'reply':
			return `reply ${words(...frame.slice(3))}`;
		case 'error':
			return `error ${words(frame[3])}`;
		case 'refused':
		case 'left':
			return `${frame[0]} ${words(frame[2])}`;
		case 'inbox':
			return `inbox ${words(...frame.slice(1))}`;
		default:
			return other(frame, content);
	}
}

/** Frames that say enough as they are, and what is no frame: pings. */
function other(frame: readonly unknown[], content: string | Uint8Array): string {
	if (frame.length > 0)
		return frame.map((part) => (part === frame[0] ? part : words(part))).join(' ');
	return typeof content === 'string' ? content : words(content);
}

function words(...values: readonly unknown[]): string {
	return values
		.map((value) =>
			value instanceof Uint8Array ? `<${value.byteLength} bytes>` : JSON.stringify(value),
		)
		.join(' ');
}
