/** Bytes of a refusal that are kept: its head, and the beginning of its body. */
const MAX_KEPT = 64 * 1024;

const SWITCHING_PROTOCOLS = 101;
const END_OF_HEAD = '\r\n\r\n';

/** The response to a handshake. */
export interface ScannedResponse {
	readonly status: number;
	/** The value of a header, undefined if there is none. */
	header(name: string): string | undefined;
	/** The text of the body, or of its beginning. Undefined if it is no plain text. */
	readonly text: string | undefined;
}

/** Reads the response that a server writes to a handshake. */
export class ResponseScanner {
	#bytes: Buffer = Buffer.alloc(0);

	/**
	 * Reads a part of the response.
	 *
	 * @returns The bytes behind the head of an acceptance. Undefined as long as it is none.
	 */
	read(chunk: Buffer): { readonly accepted: ScannedResponse; readonly rest: Buffer } | undefined {
		if (this.#bytes.length >= MAX_KEPT) return undefined;
		this.#bytes = Buffer.concat([this.#bytes, chunk]);
		const response = this.response;
		if (response?.status !== SWITCHING_PROTOCOLS) return undefined;
		const end = this.#bytes.indexOf(END_OF_HEAD) + END_OF_HEAD.length;
		return { accepted: response, rest: this.#bytes.subarray(end) };
	}

	/** The response so far, undefined without a whole head. */
	get response(): ScannedResponse | undefined {
		const end = this.#bytes.indexOf(END_OF_HEAD);
		if (end === -1) return undefined;
		const [first = '', ...lines] = this.#bytes.subarray(0, end).toString('latin1').split('\r\n');
		const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]);
		const header = (name: string): string | undefined => {
			const prefix = `${name}:`;
			const line = lines.find((each) => each.toLowerCase().startsWith(prefix));
			return line?.slice(prefix.length).trim();
		};
		const body = this.#bytes.subarray(end + END_OF_HEAD.length);
		const isText = header('content-type')?.startsWith('text/plain') === true;
		const isChunked = header('transfer-encoding')?.toLowerCase() === 'chunked';
		const isEncoded = header('content-encoding') !== undefined;
		const text = isText && !isEncoded ? (isChunked ? joined(body) : body).toString() : undefined;
		return { status, header, text };
	}
}

/** The content of a chunked body (RFC 9112 section 7.1), as far as it was received. */
function joined(body: Buffer): Buffer {
	const parts: Buffer[] = [];
	let rest = body;
	for (;;) {
		const end = rest.indexOf('\r\n');
		const size = Number.parseInt(rest.subarray(0, Math.max(end, 0)).toString('latin1'), 16);
		if (end === -1 || !(size > 0)) return Buffer.concat(parts);
		parts.push(rest.subarray(end + 2, end + 2 + size));
		rest = rest.subarray(end + 2 + size + 2);
	}
}
