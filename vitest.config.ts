import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{shared,functions,workers,infra,test}/**/*.test.ts'],
    // A real chain: npm run test:chain. An emulator of AWS: npm run test:cloud.
    exclude: [
      '**/node_modules/**',
      'test/conformance/wasmd/**',
      'test/cloud/*.test.ts',
      'test/cloud/{contracts,scenarios}/**',
    ],
    testTimeout: 60_000,
    globalSetup: ['test/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
  },
});
