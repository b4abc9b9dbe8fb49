// Does etcd-member-duplicate find members that share a name or an address?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-member-duplicate.ts';
import { changeLists, etcdWorlds } from '../../kit/etcd-worlds.ts';
import { addGhost, asFail, expectTextsFilled, fixesOf, healthyWorld, ids, statuses, withoutCertificate } from './kit.ts';

test('names and addresses of their own pass, and never-started members have none yet', () => {
  expect(statuses(healthyWorld(), rule)).toEqual(['pass']);
  expect(statuses(addGhost(healthyWorld()), rule)).toEqual(['pass']);
});

test('one name for two: both fail, as one finding', () => {
  const world = etcdWorlds['two members have one name']?.() ?? healthyWorld();
  const verdicts = world.judge(rule).map(asFail);
  expect(verdicts.map(({ subject }) => subject.keys.member).sort()).toEqual([ids.m2, ids.m3].sort());
  expect(new Set(verdicts.map(({ group }) => group)).size).toBe(1);
  expect(verdicts[0]?.reason).toBe('name');
  for (const verdict of verdicts) expectTextsFilled(rule, verdict);
  expect(
    fixesOf(world, rule, ...verdicts)
      .flatMap((fix) => fix.run)
      .join('\n'),
  ).toContain('/etc/kubernetes/manifests/etcd.yaml');
});

test('one client address for two, though only one of them can be told apart', () => {
  const world = changeLists(healthyWorld(), (list) =>
    list.map((one) => (one.name === 'm3' ? { ...one, clientUrls: ['https://10.89.0.12:2379'] } : one)),
  );
  const [verdict] = world.judge(rule).map(asFail);
  expect(verdict?.reason).toBe('client-url');
  expect(String(verdict?.facts['words'])).toContain('https://10.89.0.12:2379');
});

test('everybody’s own loopback is no shared address', () => {
  const world = changeLists(healthyWorld(), (list) =>
    list.map((one) => ({ ...one, clientUrls: ['http://127.0.0.1:2379', ...one.clientUrls] })),
  );
  expect(statuses(world, rule)).toEqual(['pass']);
});

test('without a list nobody can say', () => {
  expect(statuses(withoutCertificate(healthyWorld()), rule)).toEqual(['unknown']);
});
