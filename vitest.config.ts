import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src,scripts,test}/**/*.test.ts'],
    // a native library that aborts takes only its own worker with it
    pool: 'forks',
    maxWorkers: 2,
    // unit tests are pure and every other file has a process group of its own
    isolate: false,
    expect: { requireAssertions: true },
    allowOnly: false,
    retry: 0,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    setupFiles: ['test/fast-check-seed.ts'],
  },
});
