/** A process of its own, which tests kill and stop. */

import { serve } from '../engine/child.fixture.ts';
import { NATS_URL, Process } from './nats.fixture.ts';

const [, , prefix = ''] = process.argv;
await serve(new Process(prefix, { NATS_URL }));
