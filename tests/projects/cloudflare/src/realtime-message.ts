/** What the shared channels take from the package of their runtime. */
export type { RealtimeMessage } from 'zastro-websockets-cloudflare/realtime';
