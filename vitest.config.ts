// How are the tests run?
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/kit/closing-line.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // oclif's own capture of the output needs the real console.
    disableConsoleIntercept: true,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    reporters: ['default', new ClosingLine()],
  },
});
