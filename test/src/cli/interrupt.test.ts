// Does the first Ctrl-C only ask, and does the run give the signals back?
import { expect, test } from 'vitest';
import { listenForInterrupt } from '../../../src/cli/interrupt.ts';

test('the first signal aborts and says so', async () => {
  const notices: string[] = [];
  const before = process.listenerCount('SIGINT');
  const interrupt = listenForInterrupt((line) => notices.push(line));
  expect(interrupt.signal.aborted).toBe(false);
  process.emit('SIGINT');
  expect(interrupt.signal.aborted).toBe(true);
  expect(notices).toHaveLength(1);
  interrupt.release();
  expect(process.listenerCount('SIGINT')).toBe(before);
});
