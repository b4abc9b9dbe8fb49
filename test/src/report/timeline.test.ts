// Is what came first told in a few short lines?
import { expect, test } from 'vitest';
import type { TimelineEntry } from '../../../src/model/report.ts';
import { say } from '../../../src/model/sentence.ts';
import { renderJson } from '../../../src/report/json.ts';
import { renderTerminal } from '../../../src/report/terminal.ts';
import { columnsOf } from '../../../src/report/wrap.ts';
import { cluster, failing, finding, report } from './samples/build.ts';
import { sampleTexts } from './samples/texts.ts';

const start = Date.UTC(2026, 10, 21, 3, 12, 44);
const second = 1000;

function entry(low: number, high: number, what: TimelineEntry['what'], name = 'm2'): TimelineEntry {
  return { at: [start + low * second, start + high * second], what, by: 'log', rule: 'etcd-quorum-lost', subject: `node/${name}`, name };
}

function reportOf(...timeline: readonly TimelineEntry[]) {
  const cause = failing('etcd-quorum-lost', cluster, {
    facts: { alive: 1, voters: 3, needed: 2, down: 'm2, m3', judgement: '', members: [] },
  });
  const verdict = { level: 'critical', line: 'x', impact: '' } as const;
  return report({ verdict, verdicts: [cause], vantages: [], tree: [], findings: [finding(1, cause, { timeline })] });
}

function screen(width: number, ...timeline: readonly TimelineEntry[]): readonly string[] {
  const options = { ascii: true, colour: false, showPassed: false, exitCode: 3, again: 'x', withFlags: false, texts: sampleTexts };
  const lines = renderTerminal(reportOf(...timeline), { ...options, width }).split('\n');
  for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(width);
  const from = lines.findIndex((line) => line.startsWith('   First'));
  return from < 0
    ? []
    : lines.slice(
        from,
        lines.findIndex((line, index) => index > from && !line.startsWith('           ')),
      );
}

test('the first with its time, the others by how much later they were', () => {
  expect(screen(80, entry(0, 1, 'it wrote: no'), entry(12, 13, 'it ended'), entry(60, 90, 'gone'), entry(15_420, 15_421, 'seen'))).toEqual([
    '   First   2026-11-21 03:12:44Z  it wrote: no (log)',
    '           +12 s                 it ended (log)',
    '           +59 to 90 s           gone (log)',
    '           +4 h 17 min           seen (log)',
  ]);
});

test('what happened to several alike is one line', () => {
  const last = (node: string, time: number) => entry(time, time, say('last report of {node}', { node }), node);
  expect(screen(80, last('m1', 0), last('m3', 2), entry(3, 3, 'it ended'), last('m2', 40))).toEqual([
    '   First   2026-11-21 03:12:44Z  last report of m1 (log); so for m3 within 2 s',
    '           +3 s                  it ended (log)',
    '           +40 s                 last report of m2 (log)',
  ]);
});

test('many are counted, long ones wrapped, none leave no line', () => {
  const many = Array.from({ length: 9 }, (_, index) => entry(index, index, `${index} ${'x '.repeat(60)}`));
  expect(screen(72, ...many).at(-1)).toBe('           3 more in -o json');
  expect(screen(80)).toEqual([]);
});

test('JSON gives the interval in milliseconds', () => {
  const parsed = JSON.parse(renderJson(reportOf(entry(0, 1, say('{node} ended', { node: 'm2' })), entry(2, 3, 'b')))) as {
    readonly findings: readonly { readonly timeline: readonly unknown[] }[];
  };
  expect(parsed.findings[0]?.timeline[0]).toEqual({
    rule: 'etcd-quorum-lost',
    subject: 'node/m2',
    name: 'm2',
    at: [start, start + 1000],
    by: 'log',
    what: 'm2 ended',
  });
});
