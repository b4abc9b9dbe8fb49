// How many tests passed, failed and were skipped, in one plain line at the end?
import type { Reporter, TestModule } from 'vitest/node';

/** Said after everything else, for those who read only the last line. */
export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== 'pending') count[state] += 1;
      }
      if (module.state() === 'failed' && module.errors().length > 0) count.failed += 1;
    }
    // The summary of the default reporter comes first.
    process.once('exit', () => process.stdout.write(`tests: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`));
  }
}
