import { MAX_DEPTH } from '../../protocol/depth.ts';
import type { Data } from '../../protocol/frame-content.ts';
import { failure } from './failure.ts';

/** JSON is written, and bytes are copied, when they are sent: what changes them later is too late. */
export function dataOf(value: unknown): Data {
	const view = value instanceof ArrayBuffer ? new Uint8Array(value) : value;
	if (!ArrayBuffer.isView(view)) return jsonOf(view);
	return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}

/** @throws if the server would close the connection because of the value. */
export function jsonOf(value: unknown): string | undefined {
	const json = JSON.stringify(value) as string | undefined;
	// In a frame, and in the options of a join.
	if (json && isDeeper(JSON.parse(json), MAX_DEPTH - 2)) {
		throw failure('BAD_REQUEST', 'The data is nested too deep.');
	}
	return json;
}

/** Whether a JSON value has more levels than this. */
function isDeeper(value: unknown, levels: number): boolean {
	return (
		value instanceof Object &&
		(levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)))
	);
}
