// Does etcd-learner-stuck tell a learner that was forgotten from one that is joining?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-learner-stuck.ts';
import count from '../../../rules/etcd/etcd-member-count.ts';
import { changeMetricsOf, learning } from '../../kit/etcd-worlds.ts';
import { asFail, expectTextsFilled, fixesOf, healthyWorld, ids, knocksOnly, silence, statuses, withoutCertificate } from './kit.ts';

test('voters pass, with and without a certificate', () => {
  expect(statuses(healthyWorld(), rule)).toEqual(['pass', 'pass', 'pass']);
  const bare = withoutCertificate(healthyWorld());
  expect(statuses(bare, rule)).toEqual(['unknown', 'unknown', 'unknown']);
  for (const node of ['m1', 'm2', 'm3'] as const) changeMetricsOf(bare, node, { learner: false });
  expect(statuses(bare, rule)).toEqual(['pass', 'pass', 'pass']);
});

test('one that has caught up is stuck after a minute of its process, one that is behind after ten', () => {
  expect(learning(healthyWorld(), 59).verdict(rule, 'm3').status).toBe('unknown');
  const verdict = asFail(learning(healthyWorld(), 61).verdict(rule, 'm3'));
  expect([verdict.reason, verdict.witness]).toEqual(['promotable', 'stated']);
  expectTextsFilled(rule, verdict);
  expect(learning(healthyWorld(), 599, { raftIndex: '30000' }).verdict(rule, 'm3').status).toBe('unknown');
  expect(asFail(learning(healthyWorld(), 601, { raftIndex: '30000' }).verdict(rule, 'm3')).reason).toBe('catching-up');
});

test('how far it has come decides whether it can be promoted', () => {
  const at = (raftIndex: string) => asFail(learning(healthyWorld(), 7200, { raftIndex }).verdict(rule, 'm3'));
  expect(at('54000').reason).toBe('catching-up');
  expect(at('54001').reason).toBe('promotable');
  expect(String(at('30000').facts['words'])).toContain('49 %');
});

test('a learner is known by its counters too', () => {
  const verdict = asFail(withoutCertificate(learning(healthyWorld(), 7200)).verdict(rule, 'm3'));
  expect(String(verdict.facts['words'])).toContain('not told');
});

test('since when is not known, or it does not answer', () => {
  expect(learning(healthyWorld(), 7200).missing('etcd.metrics').verdict(rule, 'm3').status).toBe('unknown');
  expect(silence(learning(healthyWorld(), 7200), 'm3').verdict(rule, 'm3').status).toBe('not-applicable');
  expect(statuses(knocksOnly(healthyWorld()), rule)).toEqual(['unknown', 'unknown', 'unknown']);
});

test('a refused promotion is told', () => {
  const world = changeMetricsOf(learning(healthyWorld(), 7200), 'm1', { promoteFailures: 3 });
  expect(asFail(world.verdict(rule, 'm3')).facts['refused']).toBe(3);
});

test('two voters and a learner: the learner is what is missing', () => {
  const world = learning(healthyWorld(), 7200);
  const verdict = asFail(world.verdict(count, 'cluster'));
  expect(verdict.reason).toBe('few');
  expect(verdict.supports?.filter(({ state }) => state === 'lost').map(({ keys }) => keys.member)).toEqual([ids.m3]);
});

test('it is promoted by its id, and not while it is behind', () => {
  const near = learning(healthyWorld(), 7200);
  const runs = fixesOf(near, rule, asFail(near.verdict(rule, 'm3')));
  expect(runs.flatMap((fix) => fix.run)).toEqual([`etcdctl --endpoints https://10.89.0.11:2379 member promote ${ids.m3}`]);
  const far = learning(healthyWorld(), 7200, { raftIndex: '100' });
  expect(fixesOf(far, rule, asFail(far.verdict(rule, 'm3'))).at(-1)?.needs[0]).toMatchObject({ met: 'no' });
});
