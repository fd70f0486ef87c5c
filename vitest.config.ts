import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{shared,functions,workers,infra,test}/**/*.test.ts'],
    // A real chain: npm run test:chain.
    exclude: ['**/node_modules/**', 'test/conformance/wasmd/**'],
    testTimeout: 60_000,
    globalSetup: ['test/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
  },
});
