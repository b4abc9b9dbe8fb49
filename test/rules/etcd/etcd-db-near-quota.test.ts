import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-db-near-quota.ts';
import {
  asFail,
  changeMetrics,
  changeStatus,
  expectTextsFilled,
  fixesOf,
  healthyWorld,
  knocksOnly,
  type Name,
  silence,
  statuses,
  type World,
  withoutCertificate,
} from './kit.ts';

const quota = 1000 * 1024 ** 2;

function filled(percent: number, world = healthyWorld(), node: Name = 'm2'): World {
  const dbSize = (quota * percent) / 100;
  changeStatus(world, node, (old) => ({ ...old, dbSize, dbSizeInUse: dbSize, dbSizeQuota: quota }));
  return changeMetrics(world, node, { dbSize, dbSizeInUse: dbSize, quota });
}

/** As etcd 3.5 tells it by status, with counters and pods out of reach: nobody names the quota. */
function quotaUntold(percentOfDefault: number): World {
  const world = healthyWorld().missing('etcd.metrics').missing('kube.control-plane-pods');
  return changeStatus(world, 'm2', ({ dbSizeQuota: _none, ...old }) => ({ ...old, dbSize: (2 * 1024 ** 3 * percentOfDefault) / 100 }));
}

test('small databases pass', () => {
  expect(statuses(healthyWorld(), rule)).toEqual(['pass', 'pass', 'pass']);
});

test.each([
  [79.9, 'pass', undefined],
  [80, 'fail', 'warning'],
  [94.9, 'fail', 'warning'],
  [95, 'fail', 'critical'],
  [100, 'fail', 'critical'],
] as const)('%d percent: %s %s', (percent, status, severity) => {
  for (const world of [filled(percent), withoutCertificate(filled(percent))]) {
    const verdict = world.verdict(rule, 'm2');
    expect(verdict.status).toBe(status);
    if (severity === undefined) continue;
    expect(asFail(verdict).severity).toBe(severity);
    expectTextsFilled(rule, asFail(verdict));
  }
  expect(filled(percent).verdict(rule, 'm1').status).toBe('pass');
});

test.each([
  [19, 'pass'],
  [20, 'unknown'],
  [94, 'unknown'],
  [96, 'fail'],
  [101, 'unknown'],
] as const)('%d percent of a quota that nobody told: %s', (percent, status) => {
  expect(quotaUntold(percent).verdict(rule, 'm2').status).toBe(status);
});

test('the command line tells the quota, by its flag or by having none', () => {
  const world = changeStatus(healthyWorld().missing('etcd.metrics'), 'm2', ({ dbSizeQuota: _none, ...old }) => ({
    ...old,
    dbSize: 900 * 1024 ** 2,
  }));
  expect(world.verdict(rule, 'm2').status).toBe('pass');
  world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) =>
      pod.name === 'etcd-m2'
        ? { ...pod, containers: pod.containers.map((one) => ({ ...one, command: [...one.command, `--quota-backend-bytes=${quota}`] })) }
        : pod,
    ),
  }));
  expect(asFail(world.verdict(rule, 'm2')).facts).toMatchObject({ percent: 90, quota: '1000 MiB' });
});

test('a silent member is not judged, and one that could not be asked is unknown', () => {
  expect(silence(healthyWorld(), 'm2').verdict(rule, 'm2').status).toBe('not-applicable');
  expect(statuses(knocksOnly(healthyWorld()), rule)).toEqual(['unknown', 'unknown', 'unknown']);
});

test('what is free inside the file needs no compaction, only a defragmentation', () => {
  const commands = (inUse: number) => {
    const world = changeStatus(filled(90), 'm2', (old) => ({ ...old, dbSizeInUse: inUse }));
    return fixesOf(world, rule, asFail(world.verdict(rule, 'm2'))).flatMap((fix) => fix.run);
  };
  expect(commands(quota * 0.4).some((line) => line.includes(' compact '))).toBe(false);
  expect(commands(quota * 0.8).some((line) => line.includes(' compact 47213'))).toBe(true);
  expect(commands(quota * 0.4)).toContain('etcdctl --endpoints https://10.89.0.12:2379 --command-timeout 120s defrag');
});
