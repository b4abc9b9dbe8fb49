// Does a timeline tell what came first by the servers' clocks, and stay silent where there is nothing to order?
import { expect, test } from 'vitest';
import type { Fail } from '../../../src/model/verdict.ts';
import { timelineOf } from '../../../src/rank/timeline.ts';
import { fail, first, ranked, rule } from '../../kit/verdicts.ts';

const rules = [rule('cause-x', 0, { to: 'effect-x' }), rule('effect-x', 3)];
const wording = () => ({ folded: 'is {state}', by: 'API' });
const ours = { low: 0, high: 0 };
const at = (earliest: number, latest = earliest) => ({ earliest, latest });

function timeline(cause: Partial<Fail>, effect: Partial<Fail>, shift = ours) {
  const finding = first(ranked(rules, fail('cause-x', 'm2', cause), fail('effect-x', 'm2', effect)));
  return timelineOf(finding, shift, wording).map((entry) => [...entry.at, String(entry.what), String(entry.by)]);
}

test('moments and beginnings of cause and effects stand in the order of their times', () => {
  const moments = [
    { at: at(3000), what: 'it ended', by: 'kubelet' },
    { at: at(1000), what: 'it wrote: no', by: 'log' },
  ];
  expect(timeline({ moments }, { since: at(2000, 2500), facts: { state: 'down' } })).toEqual([
    [1000, 1000, 'it wrote: no', 'log'],
    [2000, 2500, 'm2: is down', 'API'],
    [3000, 3000, 'it ended', 'kubelet'],
  ]);
});

test('one time alone orders nothing', () => {
  expect(timeline({ since: at(1000) }, {})).toEqual([]);
  expect(timeline({}, {})).toEqual([]);
});

test('times become the servers’, as surely as their clocks are known', () => {
  const moments = [{ at: at(1000), what: 'a', by: 'log' }];
  expect(timeline({ moments }, { since: at(2000), facts: { state: 'm2' } }, { low: 89_500, high: 90_500 })).toEqual([
    [90_500, 91_500, 'a', 'log'],
    [91_500, 92_500, 'is m2', 'API'],
  ]);
});

test('what two verdicts tell alike stands once, with its first time', () => {
  const moment = (time: number) => [{ at: at(time), what: 'the lease ended', by: 'lease' }];
  expect(timeline({ moments: moment(5000) }, { moments: moment(4000), since: at(9000), facts: { state: 'm2' } })).toEqual([
    [4000, 4000, 'the lease ended', 'lease'],
    [9000, 9000, 'is m2', 'API'],
  ]);
});
