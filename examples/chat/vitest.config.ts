import { defineConfig } from 'vitest/config';
import { realtimeTesting } from 'zastro-websockets-node/testing/vite';

export default defineConfig({ plugins: [realtimeTesting()] });
