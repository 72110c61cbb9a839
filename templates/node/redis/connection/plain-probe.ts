import { connect } from 'node:net';
import type { ServerAddress } from './address.ts';

/** Milliseconds for an answer. */
const PATIENCE = 2_000;

/** Whether a server answers without TLS as Redis does. */
export async function speaksPlainRedis({ host, port }: ServerAddress): Promise<boolean> {
	return await new Promise((resolve) => {
		const socket = connect(port, host);
		const end = (isRedis: boolean): void => {
			socket.destroy();
			resolve(isRedis);
		};
		socket.setTimeout(PATIENCE, () => end(false));
		socket.on('error', () => end(false));
		socket.on('close', () => end(false));
		socket.on('connect', () => socket.write('PING\r\n'));
		// An error is an answer too, for example that a password is missing.
		socket.on('data', (data) => end(/^(?:\+PONG|-[A-Z]+ )/.test(data.toString('latin1'))));
	});
}
