import { expect, test } from 'vitest';
import { walk } from '../../../src/judge/walk.ts';
import { type Question, vitalUnanswered } from '../../../src/model/tree.ts';
import type { RuleId } from '../../../src/model/rule-ids.ts';
import type { Subject } from '../../../src/model/subject.ts';
import type { Severity, Verdict } from '../../../src/model/verdict.ts';

/** Two rules of one question: one of the whole cluster, one of each of its parts. */
const whole = 'etcd-quorum-lost';
const each = 'api-master-unreachable';

const tree: readonly Question[] = [
  { id: 'q1', branch: 'api', ask: 'answers?', vital: true, rules: [whole, each], next: { yes: ['q2'], no: [] } },
  { id: 'q2', branch: 'backup', ask: 'backups?', vital: false, rules: [], next: { yes: [], no: [] } },
];

function on(name: string): Subject {
  return { kind: 'node', id: name, name, keys: { node: name } };
}

function passing(rule: RuleId, name: string): Verdict {
  return { rule, subject: on(name), cites: [], status: 'pass', facts: {} };
}

function failing(rule: RuleId, name: string, severity: Severity = 'critical'): Verdict {
  return { rule, subject: on(name), cites: [], status: 'fail', severity, impact: 'degraded', facts: {}, witness: 'stated' };
}

function unknown(rule: RuleId, name: string): Verdict {
  const gap = { gap: 'denied', detail: 'not allowed', howToGet: 'ask', id: 'api.ready', subject: `node/${name}` } as const;
  return { rule, subject: on(name), cites: [], status: 'unknown', gaps: [gap] };
}

function without(rule: RuleId, name: string): Verdict {
  return { rule, subject: on(name), cites: [], status: 'not-applicable', because: 'there is none' };
}

function first(verdicts: readonly Verdict[], ranks?: ReadonlyMap<string, number>) {
  const step = walk(tree, verdicts, ranks)[0];
  if (step === undefined) throw new Error('the tree has a first question');
  return step;
}

test('yes needs a pass and nothing open; the order of verdicts does not matter', () => {
  const verdicts = [passing(whole, 'a'), passing(each, 'a'), without(each, 'b')];
  expect(first(verdicts)).toMatchObject({ answer: 'yes', because: [], passed: 2, failed: 0, unknown: 0 });
  expect(first([...verdicts].reverse())).toEqual(first(verdicts));
});

test('one unknown among passes leaves it open', () => {
  expect(first([passing(each, 'a'), unknown(each, 'b')])).toMatchObject({ answer: 'unknown', because: [each], unknown: 1 });
});

test('partly where the rule holds on another subject, no where it fails wherever it looked', () => {
  expect(first([failing(each, 'a'), passing(each, 'b'), passing(whole, 'a')])).toMatchObject({ answer: 'partly', because: [each] });
  expect(first([failing(whole, 'a'), failing(each, 'a'), passing(each, 'b')])).toMatchObject({ answer: 'no', because: [each, whole] });
  expect(first([failing(each, 'a'), unknown(each, 'b')])).toMatchObject({ answer: 'no', because: [each], unknown: 1 });
});

test('a failure that is only partial by its own reason makes it partly', () => {
  const partial = { ...failing(whole, 'a'), reason: 'partial' } as Verdict;
  expect(first([partial]).answer).toBe('partly');
  expect(first([partial, failing(each, 'a')]).answer).toBe('no');
});

test('a failure of severity info answers the question like a pass', () => {
  expect(first([failing(each, 'a', 'info')])).toMatchObject({ answer: 'yes', failed: 0, passed: 1 });
  expect(first([failing(each, 'a', 'info'), unknown(whole, 'a')]).answer).toBe('unknown');
});

test('nothing but not-applicable is that, and a question nobody was asked is never a yes', () => {
  expect(first([without(each, 'a')]).answer).toBe('not-applicable');
  expect(walk(tree, [passing(each, 'a')]).map((step) => step.answer)).toEqual(['yes', 'not-asked']);
});

test('the finding is the highest-ranked one of the failures', () => {
  const ranks = new Map([
    [`${each} node/a`, 2],
    [`${each} node/b`, 1],
  ]);
  expect(first([failing(each, 'a'), failing(each, 'b')], ranks).finding).toBe(1);
  expect(first([failing(whole, 'a')], ranks)).not.toHaveProperty('finding');
});

function openAfter(verdicts: readonly Verdict[]): readonly string[] {
  return vitalUnanswered(walk(tree, verdicts)).map(({ question }) => question);
}

test('a vital question that is open on one subject is open, with a failure on another one too', () => {
  expect(openAfter([passing(each, 'a'), unknown(each, 'b')])).toEqual(['q1']);
  expect(openAfter([failing(each, 'a', 'warning'), passing(each, 'b'), unknown(each, 'c')])).toEqual(['q1']);
});

test('a vital question whose rules did not run is open; an answered or a non-vital one is not', () => {
  expect(openAfter([])).toEqual(['q1']);
  expect(openAfter([failing(each, 'a')])).toEqual([]);
  expect(openAfter([without(each, 'a')])).toEqual([]);
});
