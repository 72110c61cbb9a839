import type { APIRoute } from 'astro';
import { told } from '../../manager';

export const GET: APIRoute = () => Response.json(told);
