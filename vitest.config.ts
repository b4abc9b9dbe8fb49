// How are the tests run?
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // oclif's own capture of the output needs the real console.
    disableConsoleIntercept: true,
    testTimeout: 20_000,
    hookTimeout: 120_000,
  },
});
