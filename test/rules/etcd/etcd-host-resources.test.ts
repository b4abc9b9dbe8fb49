// Does etcd-host-resources see what a machine runs short of, and never pass a disk nobody looked at?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-host-resources.ts';
import type { ContainerSeen } from '../../../src/model/kubernetes.ts';
import { countersOf, onDisk } from '../../kit/slow.ts';
import { asFail, expectTextsFilled, fixesOf, healthyWorld, now, type World } from './kit.ts';

const gibibyte = 1024 ** 3;

test.each([
  [21, 'pass', undefined],
  [19, 'fail', 'warning'],
  [5, 'fail', 'warning'],
  [4, 'fail', 'critical'],
] as const)('%i of 100 GiB free: %s %s', (free, status, severity) => {
  const verdict = onDisk(free * gibibyte).verdict(rule, 'm1');
  expect([verdict.status, verdict.status === 'fail' ? verdict.severity : undefined]).toEqual([status, severity]);
});

test('a large disk has room at any percentage, a small one has none below the size of the database', () => {
  expect(onDisk(40 * gibibyte, 4000 * gibibyte).verdict(rule, 'm1').status).toBe('pass');
  expect(asFail(onDisk(3_000_000, 9_000_000).verdict(rule, 'm1')).severity).toBe('critical');
});

test('a disk without room for more files', () => {
  const world = onDisk(50 * gibibyte);
  world.set('here.disk', undefined, (old) => ({ ...old, folders: old.folders.map((one) => ({ ...one, files: 1000, filesFree: 49 })) }));
  expect(asFail(world.verdict(rule, 'm1')).reason).toBe('disk');
});

function killed(ago: number, reason = 'OOMKilled'): World {
  return healthyWorld().set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) => {
      const containers = pod.containers.map((one): ContainerSeen => ({ ...one, lastReason: reason, lastFinishedAt: now - ago * 1000 }));
      return pod.name === 'etcd-m2' ? { ...pod, containers } : pod;
    }),
  }));
}

test('ended for its memory lately, and not for something else or long ago', () => {
  expect(asFail(killed(600).verdict(rule, 'm2')).reason).toBe('memory');
  expect(killed(600, 'Error').verdict(rule, 'm2').status).toBe('unknown');
  expect(killed(3700).verdict(rule, 'm2').status).toBe('unknown');
});

test.each([
  ['DiskPressure', 'disk-pressure'],
  ['MemoryPressure', 'memory'],
  ['PIDPressure', 'processes'],
] as const)('a kubelet that reports %s', (condition, reason) => {
  const world = healthyWorld().set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.map((node) => (node.name === 'm3' ? { ...node, pressures: [condition] } : node)),
  }));
  const verdict = asFail(world.verdict(rule, 'm3'));
  expect(verdict.reason).toBe(reason);
  expectTextsFilled(rule, verdict);
  expect(fixesOf(world, rule, verdict)).not.toHaveLength(0);
  expect(world.verdict(rule, 'm2').status).toBe('unknown');
});

test('open files beyond 80 percent', () => {
  const open = (openFiles: number) => {
    const world = onDisk(50 * gibibyte);
    return world.set('etcd.metrics', 'm1', { ...countersOf(world, 'm1'), openFiles, openFilesLimit: 1000 }).verdict(rule, 'm1').status;
  };
  expect([open(809), open(810)]).toEqual(['pass', 'fail']);
});

test('the disk of another machine is not this one’s, and nobody’s look is no pass', () => {
  expect(onDisk(50 * gibibyte).verdict(rule, 'm2').status).toBe('unknown');
  const verdict = healthyWorld().verdict(rule, 'm1');
  expect(verdict.status === 'unknown' && verdict.gaps[0]?.howToGet).toBe('run ha-doctor on each machine of etcd, as root');
  expect(
    onDisk(50 * gibibyte)
      .missing('etcd.metrics', 'm1')
      .verdict(rule, 'm1').status,
  ).toBe('unknown');
});

test('texts and commands of a full disk; what must not be deleted is named', () => {
  const world = onDisk(gibibyte);
  const verdict = asFail(world.verdict(rule, 'm1'));
  expect(String(verdict.facts['words'])).toBe('1 GiB of 100 GiB free under /var/lib/etcd, 1 %');
  expectTextsFilled(rule, verdict);
  expect(fixesOf(world, rule, verdict)[0]?.run[0]).toBe('df -h /var/lib/etcd; df -i /var/lib/etcd');
});
