// Does every error get its sentence and its exit code, and never a stack trace?
import { afterEach, expect, test, vi } from 'vitest';
import { UsageError } from '../../../src/model/errors.ts';
import { describeError } from '../../../src/cli/describe-error.ts';

afterEach(() => vi.unstubAllEnvs());

test('a mistake of the user is one sentence', () => {
  expect(describeError(new UsageError('there is no context "x"'), 'v')).toEqual({ text: 'Error: there is no context "x"\n', exitCode: 2 });
});

test('a bug is told with its causes, a request to report it, and no stack', () => {
  const error = new TypeError('x is undefined', { cause: new Error('deeper', { cause: 'deepest' }) });
  const { text, exitCode } = describeError(error, 'ha-doctor 0.1.0');
  expect(exitCode).toBe(1);
  expect(text).toContain('This is a bug in ha-doctor 0.1.0: x is undefined');
  expect(text).toContain('because: deeper');
  expect(text).toContain('because: deepest');
  expect(text).toContain('Please report it');
  expect(text).not.toMatch(/^\s+at /m);
});

test('HA_DOCTOR_DEBUG shows where', () => {
  vi.stubEnv('HA_DOCTOR_DEBUG', '1');
  expect(describeError(new Error('x'), 'v').text).toMatch(/^\s+at /m);
});

test('things that are no errors can be thrown too', () => {
  expect(describeError('text', 'v').text).toContain('text');
  expect(describeError(undefined, 'v').exitCode).toBe(1);
});

test('a cause that is its own cause ends', () => {
  const error: Error & { cause?: unknown } = new Error('round');
  error.cause = error;
  expect(describeError(error, 'v').text.length).toBeLessThan(1000);
});
