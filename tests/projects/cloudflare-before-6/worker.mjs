// The Worker: what the build of the site makes, and the Durable Objects that the site uses.
export { default } from './dist/_worker.js/index.js';
export { Room } from './src/room.ts';
