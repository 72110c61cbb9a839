/** A position in a log: `<epoch>.<number>.<tag>`, the number in base 36. Opaque to clients. */
export type Position = string;

/** The tag tells apart entries of the same number after a failover that lost the first one. */
export const TAG_LENGTH: number = 6;
export const EPOCH_LENGTH: number = 8;

/** The position before the first entry. It has no tag, so that empty channels need no storage. */
export function rootPosition(epoch: string): Position {
	return `${epoch}.0.`;
}

export function writePosition(epoch: string, number: number, tag: string): Position {
	return `${epoch}.${number.toString(36)}.${tag}`;
}

export interface PositionParts {
	readonly epoch: string;
	readonly number: number;
}

const FORMAT = /^([a-z0-9]+)\.([a-z0-9]+)\.[a-z0-9]*$/;

/** Returns undefined for a text that is no position of ours. */
export function readPosition(position: Position): PositionParts | undefined {
	const match = FORMAT.exec(position);
	const [, epoch, number] = match ?? [];
	if (epoch === undefined || number === undefined) return undefined;
	const value = Number.parseInt(number, 36);
	return Number.isSafeInteger(value) ? { epoch, number: value } : undefined;
}
