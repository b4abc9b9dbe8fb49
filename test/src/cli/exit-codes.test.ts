// Does the number at the end say what the documentation says?
import { expect, test } from 'vitest';
import type { Report } from '../../../src/model/report.ts';
import { exitCodeFor, type FailLine } from '../../../src/cli/exit-codes.ts';
import { failing, cluster, report } from '../report/samples/build.ts';

type Level = Report['verdict']['level'];

function ended(level: Level, failOn: FailLine, more: { notes?: boolean; interrupted?: boolean } = {}): number {
  const made = report({ verdict: { level, line: '', impact: '' }, verdicts: [], vantages: [], tree: [] });
  const notes = more.notes ? [failing('cert-operator-expiring', cluster, { severity: 'info' })] : [];
  return exitCodeFor({ ...made, notes, run: { ...made.run, interrupted: more.interrupted ?? false } }, failOn);
}

test.each<[Level, FailLine, number]>([
  ['healthy', 'warning', 0],
  ['critical', 'warning', 3],
  ['warning', 'warning', 4],
  ['incomplete', 'warning', 5],
  ['critical', 'critical', 3],
  ['incomplete', 'critical', 0],
  ['warning', 'critical', 0],
  ['incomplete', 'incomplete', 5],
  ['warning', 'incomplete', 0],
  ['warning', 'info', 4],
  ['healthy', 'info', 0],
  ['critical', 'never', 0],
])('%s with --fail-on %s ends with %i', (level, failOn, code) => {
  expect(ended(level, failOn)).toBe(code);
});

test('notes count only where asked for', () => {
  expect(ended('healthy', 'warning', { notes: true })).toBe(0);
  expect(ended('healthy', 'info', { notes: true })).toBe(4);
});

test('an interrupted run says so, whatever it found', () => {
  expect(ended('critical', 'warning', { interrupted: true })).toBe(130);
  expect(ended('healthy', 'never', { interrupted: true })).toBe(130);
});
