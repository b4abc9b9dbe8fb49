import { expect, test } from 'vitest';
import { defineRule, fail, notApplicable, pass, undecided } from '../../../src/judge/define-rule.ts';
import { judgeAll } from '../../../src/judge/judge.ts';
import type { AnyRule, Seen } from '../../../src/model/rule.ts';
import type { RuleId } from '../../../src/model/rule-ids.ts';
import { clusterSubject } from '../../../src/model/subject.ts';
import { rule as plain } from '../../kit/verdicts.ts';
import { healthyWorld, type World } from '../../kit/world.ts';

type Judge = AnyRule['judge'];

function rule(judge: Judge, change: Partial<AnyRule> = {}): AnyRule {
  return { ...plain('r', 1), area: 'apiserver', needs: ['api.version'], subjects: () => [clusterSubject], judge, ...change };
}

function judged(judge: Judge, change: Partial<AnyRule> = {}, world: World = healthyWorld()) {
  return world.judge(rule(judge, change));
}

test('a failure takes severity, impact and witness from the rule unless the judgement says otherwise', () => {
  expect(judged(() => fail({ n: 1 }))).toMatchObject([
    { status: 'fail', severity: 'warning', impact: 'degraded', witness: 'measured', facts: { n: 1 } },
  ]);
  expect(judged(() => fail({}, { severity: 'critical', impact: 'outage', witness: 'stated', reason: 'why' }))).toMatchObject([
    { severity: 'critical', impact: 'outage', witness: 'stated', reason: 'why' },
  ]);
});

test('limits reach the rule as plain numbers', () => {
  const limits = { most: { value: 7, unit: 's', source: 'a test' } };
  expect(judged((_seen, { most }) => pass({ most: most ?? 0 }), { limits })).toMatchObject([{ status: 'pass', facts: { most: 7 } }]);
});

test('citations are sorted, whatever order a rule reads in', () => {
  const [verdict] = judged((seen) => {
    seen.get('kube.nodes');
    seen.get('api.version');
    return pass();
  });
  expect(verdict?.cites).toEqual(['api.version cluster/cluster', 'kube.nodes cluster/cluster']);
});

test('missing evidence makes the verdict unknown, for that subject alone', () => {
  const verdicts = judged(
    (seen: Seen, _limits, subject) => pass({ tries: seen.get('api.ready', subject).tries.length }),
    { subjects: (seen) => seen.topology.masters.map((master) => master.subject) },
    healthyWorld().missing('api.ready', 'm2'),
  );
  expect(verdicts.map((verdict) => `${verdict.subject.name} ${verdict.status}`)).toEqual(['m1 pass', 'm2 unknown', 'm3 pass']);
  expect(verdicts[1]).toMatchObject({ gaps: [{ gap: 'denied', subject: 'apiserver/10.89.0.12:6443' }] });
});

test('subjects that cannot be found out are an unknown verdict on the cluster, never silence', () => {
  const subjects: AnyRule['subjects'] = (seen: Seen) => seen.get('kube.nodes').nodes.map(() => clusterSubject);
  const verdicts = judged(() => pass(), { subjects }, healthyWorld().drop('kube.nodes'));
  expect(verdicts).toMatchObject([{ status: 'unknown', subject: { kind: 'cluster' }, gaps: [{ id: 'kube.nodes', gap: 'not-collected' }] }]);
});

test('without any subject the rule does not apply', () => {
  expect(judged(() => pass(), { subjects: () => [] })).toMatchObject([{ status: 'not-applicable' }]);
});

test('what a rule cannot decide is a gap that says how to get it', () => {
  expect(judged(() => undecided('both look alike', '--deep'))).toMatchObject([
    { status: 'unknown', gaps: [{ detail: 'both look alike', howToGet: '--deep', id: 'api.version', subject: 'cluster/cluster' }] },
  ]);
  expect(judged(() => notApplicable('no such thing'))).toMatchObject([{ status: 'not-applicable', because: 'no such thing' }]);
});

test('verdicts come in one order, whatever order the rules have', () => {
  const named = ['b', 'a', 'c'].map((id) => rule(() => pass(), { id: id as RuleId }));
  const { evidence, topology } = healthyWorld();
  expect(judgeAll(named, evidence, topology).map((verdict) => verdict.rule)).toEqual(['a', 'b', 'c']);
});

test('a rule whose edges contradict each other is refused when it is loaded', () => {
  const edge = { to: 'r' as RuleId, kind: 'causes', on: 'node', because: '' } as const;
  expect(() => defineRule({ ...rule(() => pass()), explains: [edge] })).toThrow('r explains itself');
  const covering = { ...edge, to: 'other' as RuleId, covers: 'any' } as const;
  expect(() => defineRule({ ...rule(() => pass()), explains: [covering] })).toThrow('covers needs match');
  expect(defineRule({ ...rule(() => pass()), explains: [{ ...covering, match: 'node' }] }).explains).toHaveLength(1);
});
