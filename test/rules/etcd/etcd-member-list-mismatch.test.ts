// Does etcd-member-list-mismatch tell lists that differ for good from a change on its way?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-member-list-mismatch.ts';
import { changeLists, inOwnCluster, lookThrice } from '../../kit/etcd-worlds.ts';
import {
  addGhost,
  asFail,
  expectTextsFilled,
  fixesOf,
  healthyWorld,
  ids,
  knocksOnly,
  silence,
  withoutCertificate,
  type World,
} from './kit.ts';

/** m3 still counts a member the others have removed. */
function lagging(): World {
  const gone = {
    id: '77feed0000000077',
    name: 'm4',
    peerUrls: ['https://10.89.0.14:2380'],
    clientUrls: ['https://10.89.0.14:2379'],
    learner: false,
  };
  return changeLists(healthyWorld(), (list, teller) => (teller === 'm3' ? [...list, gone] : list));
}

test('equal lists pass, whatever the order in them', () => {
  expect(healthyWorld().verdict(rule, 'cluster').status).toBe('pass');
  expect(addGhost(healthyWorld()).verdict(rule, 'cluster').status).toBe('pass');
  const turned = changeLists(healthyWorld(), (list, teller) => (teller === 'm2' ? [...list].reverse() : list));
  expect(turned.verdict(rule, 'cluster').status).toBe('pass');
});

test('one look at lists that differ asks for another, and three of them fail', () => {
  const once = lagging().verdict(rule, 'cluster');
  expect(once.status === 'unknown' && once.secondLook).toBe('decides');
  const world = lookThrice(lagging());
  const verdict = asFail(world.verdict(rule, 'cluster'));
  expect([verdict.reason, verdict.severity, verdict.witness]).toEqual(['minority', 'critical', 'stated']);
  expect(String(verdict.facts['words'])).toBe('m3 counts other members');
  expect(verdict.supports?.filter(({ state }) => state === 'lost').map(({ keys }) => keys.node)).toEqual(['m3']);
  expectTextsFilled(rule, verdict);
});

test('a change that has arrived by the second look is none', () => {
  const world = lagging();
  const settled = healthyWorld();
  for (const node of ['m1', 'm2', 'm3'] as const) {
    const item = settled.evidence.items.find((one) => one.id === 'etcd.members' && one.subject.name === node);
    if (item?.state === 'known' && item.id === 'etcd.members') world.again('etcd.members', node, item.value, 1000);
  }
  expect(world.verdict(rule, 'cluster').status).toBe('pass');
});

test('a member that votes for some and learns for others is a difference, a name that is not there yet is none', () => {
  const learner = changeLists(healthyWorld(), (list, teller) =>
    list.map((one) => (teller === 'm3' && one.name === 'm2' ? { ...one, learner: true } : one)),
  );
  expect(lookThrice(learner).verdict(rule, 'cluster').status).toBe('fail');
  const nameless = changeLists(healthyWorld(), (list, teller) =>
    list.map((one) => (teller === 'm3' && one.name === 'm2' ? { ...one, name: '', clientUrls: [] } : one)),
  );
  expect(lookThrice(nameless).verdict(rule, 'cluster').status).toBe('pass');
});

test('with fewer than two lists nobody can say', () => {
  expect(withoutCertificate(healthyWorld()).verdict(rule, 'cluster').status).toBe('unknown');
  expect(knocksOnly(healthyWorld()).verdict(rule, 'cluster').status).toBe('unknown');
  expect(silence(silence(lookThrice(lagging()), 'm1'), 'm2').verdict(rule, 'cluster').status).toBe('unknown');
});

test('the odd one is replaced only where a quorum stays; without a majority nobody is', () => {
  const world = lookThrice(inOwnCluster(healthyWorld()));
  const runs = fixesOf(world, rule, asFail(world.verdict(rule, 'cluster'))).flatMap((fix) => fix.run);
  expect(runs.some((line) => line.includes(`member remove ${ids.m3}`))).toBe(true);
  const split = silence(lookThrice(lagging()), 'm1');
  lookThrice(split);
  const verdict = asFail(split.verdict(rule, 'cluster'));
  expect(verdict.reason).toBe('no-majority');
  expect(
    fixesOf(split, rule, verdict)
      .flatMap((fix) => fix.run)
      .some((line) => line.includes('member remove')),
  ).toBe(false);
});
