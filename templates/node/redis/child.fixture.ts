/** A process of its own, which tests kill and stop. */

import { serve } from '../engine/child.fixture.ts';
import { Process, REDIS_URL } from './redis.fixture.ts';

const [, , prefix = ''] = process.argv;
await serve(new Process(prefix, { REDIS_URL }));
