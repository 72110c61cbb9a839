/**
 * For `node --import …/testing/register --test`, which tests need that import channel files, or other
 * modules with `zastro:realtime`, themselves.
 */

import { hookModules } from './module-hooks.ts';

hookModules();
