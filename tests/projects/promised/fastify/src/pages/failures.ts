import type { APIRoute } from 'astro';
import { failures } from '../failures';

export const GET: APIRoute = () => Response.json(failures);
