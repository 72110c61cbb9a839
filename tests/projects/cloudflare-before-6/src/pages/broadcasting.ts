import type { APIRoute } from 'astro';
import { broadcast } from 'zastro-websockets-cloudflare/websocket';
import { broadcasting } from '../broadcasting';

export const GET: APIRoute = (ctx) => broadcasting(ctx, broadcast);
