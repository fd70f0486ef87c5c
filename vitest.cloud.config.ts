import { defineConfig } from 'vitest/config';

/** `npm run test:cloud`: the suites that need an emulator of AWS. It needs Python 3.11 or newer; the rest is installed by the run. */
export default defineConfig({
  test: {
    include: ['test/cloud/*.test.ts', 'test/cloud/{contracts,scenarios}/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 300_000,
    globalSetup: ['test/global-setup.ts', 'test/cloud/have-emulators.ts'],
    pool: 'forks',
    // Emulators, functions and a chain share the machine: one file at a time.
    maxWorkers: 1,
  },
});
