// The Worker: the built site, and the Durable Objects that it uses.
export { default } from './dist/_worker.js/index.js';
export { Room } from './src/room.ts';
