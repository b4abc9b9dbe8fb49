import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-alarm-nospace.ts';
import {
  asFail,
  changeMetrics,
  changeStatus,
  expectTextsFilled,
  fixesOf,
  healthyWorld,
  ids,
  knocksOnly,
  names,
  silence,
  withoutCertificate,
} from './kit.ts';

const quota = 16 * 1024 ** 2;

function full(sizes: Partial<Record<'m1' | 'm2' | 'm3', number>> = {}, raiser: keyof typeof ids = 'm2') {
  const world = healthyWorld();
  const alarm = `memberID:${BigInt(`0x${ids[raiser]}`)} alarm:NOSPACE `;
  for (const node of names) {
    const dbSize = sizes[node] ?? quota;
    changeStatus(world, node, (old) => ({ ...old, dbSize, dbSizeInUse: dbSize, dbSizeQuota: quota, errors: [alarm] }));
    changeMetrics(world, node, { dbSize, dbSizeInUse: dbSize, quota });
    world.set('etcd.health', node, { kind: 'unhealthy', reason: 'ALARM NOSPACE' });
  }
  return world;
}

test('no alarm, told by status, by the health check, or by a single member', () => {
  expect(healthyWorld().verdict(rule, 'cluster').status).toBe('pass');
  expect(withoutCertificate(healthyWorld()).verdict(rule, 'cluster').status).toBe('pass');
  expect(silence(silence(healthyWorld(), 'm1'), 'm2').verdict(rule, 'cluster').status).toBe('pass');
});

test('the alarm is stated, with the member that raised it and every size', () => {
  const verdict = asFail(full().verdict(rule, 'cluster'));
  expect([verdict.reason, verdict.severity, verdict.impact, verdict.witness]).toEqual(['full', 'critical', 'outage', 'stated']);
  expect(verdict.facts).toMatchObject({ raisers: 'm2', words: 'm2 full', reporters: 'm1, m2, m3' });
  expect(verdict.facts['members']).toContainEqual({ name: 'm2', size: '16 MiB', quota: '16 MiB', percent: 100 });
  expectTextsFilled(rule, verdict);
});

test('without a certificate the health check tells it', () => {
  const verdict = asFail(withoutCertificate(full()).verdict(rule, 'cluster'));
  expect(verdict.reason).toBe('full');
  expectTextsFilled(rule, verdict);
  const blunt = withoutCertificate(full()).missing('etcd.metrics');
  expect(asFail(blunt.verdict(rule, 'cluster')).reason).toBe('sizes-unknown');
  expectTextsFilled(rule, asFail(blunt.verdict(rule, 'cluster')));
});

test('an alarm that outlived the lack of space is another rule’s, told apart at 80 percent', () => {
  const at = (percent: number) => full({ m1: 1, m2: (quota * percent) / 100, m3: 1 }).verdict(rule, 'cluster').status;
  expect([at(79), at(80)]).toEqual(['not-applicable', 'fail']);
});

test('a reason that names no alarm, or another alarm, is none of this kind', () => {
  const other = (reason: string) => {
    const world = withoutCertificate(healthyWorld());
    for (const node of names) world.set('etcd.health', node, { kind: 'unhealthy', reason });
    return world.verdict(rule, 'cluster').status;
  };
  expect(other('ALARM CORRUPT')).toBe('pass');
  expect(other('RAFT NO LEADER')).toBe('pass');
  expect(other('')).toBe('unknown');
});

test('nobody could ask: unknown', () => {
  expect(knocksOnly(full()).verdict(rule, 'cluster').status).toBe('unknown');
  expect(names.reduce((world, node) => silence(world, node), healthyWorld()).verdict(rule, 'cluster').status).toBe('unknown');
});

test('the plan: find, compact, defragment one by one with the leader last, raise, disarm at the very end', () => {
  const world = full();
  const fixes = fixesOf(world, rule, asFail(world.verdict(rule, 'cluster')));
  const commands = fixes.flatMap((fix) => fix.run.slice(0, 1));
  expect(commands[0]).toContain("get '' --prefix --keys-only");
  expect(commands.slice(1, 5)).toEqual([
    'etcdctl --endpoints https://10.89.0.11:2379 compact 47213',
    'etcdctl --endpoints https://10.89.0.12:2379 --command-timeout 120s defrag',
    'etcdctl --endpoints https://10.89.0.13:2379 --command-timeout 120s defrag',
    'etcdctl --endpoints https://10.89.0.11:2379 --command-timeout 120s defrag',
  ]);
  expect(fixes.at(-1)?.run).toEqual(['etcdctl --endpoints https://10.89.0.11:2379 alarm disarm']);
  expect(fixes.filter((fix) => fix.run[0]?.includes('defrag')).every((fix) => fix.needs[0]?.met === 'yes')).toBe(true);
  expect(fixes.at(-1)?.needs.map((need) => need.met)).toEqual(['yes', 'no']);
});

test('no defragmentation is printed while every voter is needed', () => {
  const world = silence(full(), 'm3');
  const fixes = fixesOf(world, rule, asFail(world.verdict(rule, 'cluster')));
  expect(fixes.flatMap((fix) => fix.run).join('\n')).not.toContain(' defrag');
  expect(fixes.map((fix) => fix.do)).toContainEqual(expect.stringContaining('Bring m3 back first'));
});

test('without a certificate the commands run in etcd’s own container', () => {
  const world = withoutCertificate(full());
  const fixes = fixesOf(world, rule, asFail(world.verdict(rule, 'cluster')));
  expect(fixes.at(-1)?.run[0]).toBe(
    'kubectl -n kube-system exec etcd-m1 -- etcdctl --cacert=/etc/kubernetes/pki/etcd/ca.crt' +
      ' --cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt --key=/etc/kubernetes/pki/etcd/healthcheck-client.key' +
      ' --endpoints https://10.89.0.11:2379 alarm disarm',
  );
});
