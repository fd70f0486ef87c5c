import { defineConfig } from 'vitest/config';

/** `npm run test:chain`: the suites that need a real chain, and their twins on the embedded one. */
export default defineConfig({
  test: {
    // *.chain.ts: what only a real chain can show, and no part of the shared suite.
    include: ['test/conformance/**/*.test.ts', 'test/conformance/**/*.chain.ts'],
    testTimeout: 60_000,
    // wasmd may have to be built.
    hookTimeout: 1_200_000,
    globalSetup: ['test/global-setup.ts'],
    pool: 'forks',
    // Blocks have to come in time: one chain at a time.
    maxWorkers: 1,
  },
});
