import type { APIRoute } from 'astro';
import { broadcast } from 'zastro-websockets-node/websocket';
import { broadcasting } from '../broadcasting';

export const GET: APIRoute = (ctx) => broadcasting(ctx, broadcast);
