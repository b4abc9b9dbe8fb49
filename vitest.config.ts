// How are the tests run?
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/kit/closing-line.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // oclif's own capture of the output needs the real console.
    disableConsoleIntercept: true,
    // Vitest leaves one core free, which on two is half of them.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', new ClosingLine()],
  },
});
