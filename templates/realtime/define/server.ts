/** What a runtime exports to a site as `zastro:realtime`. */

export { RealtimeError } from '../protocol/errors.ts';
export { binary } from './binary.ts';
export { defineChannel } from './define-channel.ts';
