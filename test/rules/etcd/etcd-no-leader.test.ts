import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-no-leader.ts';
import { answered, failedTries } from '../../kit/world.ts';
import {
  addGhost,
  asFail,
  expectTextsFilled,
  fixesOf,
  healthyWorld,
  isolate,
  knocksOnly,
  loseLeader,
  names,
  silence,
  withoutCertificate,
} from './kit.ts';

const allLeaderless = () => names.reduce((world, node) => loseLeader(world, node), healthyWorld());

test('a leader that the members name is enough, with or without a certificate', () => {
  expect(healthyWorld().verdict(rule, 'cluster').status).toBe('pass');
  expect(withoutCertificate(healthyWorld()).verdict(rule, 'cluster').status).toBe('pass');
});

test('every voter alive and none knows a leader', () => {
  const verdict = asFail(allLeaderless().verdict(rule, 'cluster'));
  expect(verdict.facts).toMatchObject({ alive: 3, voters: 3, quorum: 2 });
  expect(verdict.supports?.map(({ state }) => state)).toEqual(['lost', 'lost', 'lost']);
  expectTextsFilled(rule, verdict);
  expect(withoutCertificate(allLeaderless()).verdict(rule, 'cluster').status).toBe('fail');
});

test('two of three alive and leaderless is a quorum without a leader', () => {
  expect(asFail(silence(allLeaderless(), 'm3').verdict(rule, 'cluster')).facts).toMatchObject({ alive: 2 });
});

test('one member that lost its peers does not leave the cluster without a leader', () => {
  expect(isolate(healthyWorld(), 'm3').verdict(rule, 'cluster').status).toBe('pass');
});

test('most say no and one says yes: the moment of an election, unknown', () => {
  expect(loseLeader(loseLeader(healthyWorld(), 'm1'), 'm2').verdict(rule, 'cluster').status).toBe('unknown');
});

test('below a quorum the lost quorum speaks, and this rule does not apply', () => {
  const world = silence(silence(allLeaderless(), 'm2'), 'm3');
  for (const node of names) world.set('api.ready', node, { tries: [answered(node, 500, '[-]etcd failed: reason withheld\n')] });
  expect(world.verdict(rule, 'cluster').status).toBe('not-applicable');
});

test('nobody answers us: unknown while API servers read from etcd', () => {
  expect(names.reduce((world, node) => silence(world, node, 'timeout'), healthyWorld()).verdict(rule, 'cluster').status).toBe('unknown');
});

test('open ports alone tell no leader, whatever the API servers suffer from', () => {
  const world = knocksOnly(healthyWorld());
  for (const node of names) world.set('api.ready', node, { tries: failedTries(node, 'hung') });
  const verdict = world.verdict(rule, 'cluster');
  expect(verdict.status).toBe('unknown');
  expect(verdict.status === 'unknown' && verdict.gaps[0]?.through).toBe('lb/10.89.0.10:8443');
});

test('an alarm in the health check hides whether there is a leader', () => {
  const world = withoutCertificate(healthyWorld()).missing('etcd.metrics');
  for (const node of names) world.set('etcd.health', node, { kind: 'unhealthy', reason: 'ALARM NOSPACE' });
  expect(world.verdict(rule, 'cluster').status).toBe('unknown');
});

test('two leaderless of three known, a fourth only told of: perhaps no quorum, so unknown', () => {
  const world = withoutCertificate(silence(loseLeader(loseLeader(addGhost(healthyWorld()), 'm1'), 'm2'), 'm3'));
  expect(world.verdict(rule, 'cluster').status).toBe('unknown');
});

test('the plan only looks, from the peers themselves', () => {
  const world = allLeaderless();
  const fixes = fixesOf(world, rule, asFail(world.verdict(rule, 'cluster')));
  expect(fixes.every((fix) => fix.risk === 'none')).toBe(true);
  expect(fixes[0]?.run).toContain(
    'curl -m 3 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/peer.crt --key /etc/kubernetes/pki/etcd/peer.key https://10.89.0.12:2380/raft/probing',
  );
});
