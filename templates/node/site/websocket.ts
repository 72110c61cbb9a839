/** `zastro-websockets-node/websocket`: what sites do with sockets. */

export type * from '../../locals/types.ts';
export { broadcast } from '../registry/connections/broadcast.ts';
