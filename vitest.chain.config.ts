import { defineConfig } from 'vitest/config';

/** `npm run test:chain`: the suites that need a real chain, and their twins on the embedded one. */
export default defineConfig({
  test: {
    // *.chain.ts: what only a real chain can show, and no part of the shared suite.
    include: ['test/conformance/**/*.test.ts', 'test/conformance/**/*.chain.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    globalSetup: ['test/global-setup.ts', 'test/conformance/have-wasmd.ts'],
    pool: 'forks',
    // Blocks have to come in time: one chain at a time.
    maxWorkers: 1,
  },
});
