// Does etcd-restart-loop tell why a member keeps ending, and never trust a kubelet that does not report?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-restart-loop.ts';
import type { ContainerSeen } from '../../../src/model/kubernetes.ts';
import { asFail, changeMetrics, expectTextsFilled, fixesOf, healthyWorld, now, silence, type World } from './kit.ts';

function ended(change: Partial<ContainerSeen>, world: World = silence(healthyWorld(), 'm2')): World {
  return world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) => {
      if (pod.name !== 'etcd-m2') return pod;
      return { ...pod, ready: false, containers: pod.containers.map((one) => ({ ...one, ready: false, ...change })) };
    }),
  }));
}

function says(world: World, ...lines: readonly string[]): World {
  const log = { component: 'etcd', node: 'm2', pod: 'etcd-m2', previous: false, lines: lines.map((text) => ({ at: now - 20_000, text })) };
  return world.set('kube.container-logs', undefined, { logs: [log] });
}

const looping = { waitingReason: 'CrashLoopBackOff', restarts: 6, lastExitCode: 1, lastReason: 'Error', lastFinishedAt: now - 30_000 };

test.each([
  ['wiped', '{"level":"fatal","ts":"x","msg":"discovery failed","error":"member 5f1c has already been bootstrapped"}'],
  ['wiped', '{"level":"panic","msg":"tocommit(5) is out of range [lastIndex(0)]. Was the raft log corrupted, truncated, or lost?"}'],
  ['removed', '{"level":"warn","msg":"server error","error":"the member has been permanently removed from the cluster"}'],
  ['inconsistent', '{"level":"fatal","msg":"failed to start etcd","error":"found data inconsistency with peers"}'],
  [
    'no-space',
    '{"level":"fatal","msg":"failed to save Raft hard state and entries","error":"write /var/lib/etcd/wal: no space left on device"}',
  ],
  ['flag', 'flag provided but not defined: -no-such-flag'],
  [
    'flag',
    '{"level":"warn","msg":"failed to verify flags","error":"--election-timeout[300ms] should be at least as 5 times as --heartbeat-interval[100ms]"}',
  ],
  [
    'certificate',
    '{"level":"fatal","msg":"listening failed","error":"open /etc/kubernetes/pki/etcd/server.crt: no such file or directory"}',
  ],
  ['port', '{"level":"fatal","msg":"discovery failed","error":"listen tcp 10.89.0.12:2380: bind: address already in use"}'],
  ['unknown', '{"level":"fatal","msg":"something nobody has seen before"}'],
] as const)('it ends because: %s', (reason, line) => {
  const world = says(ended(looping), '{"level":"info","msg":"starting"}', line, '{"level":"info","msg":"closed"}');
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect([verdict.reason, verdict.severity, verdict.witness]).toEqual([reason, 'critical', 'stated']);
  expect(String(verdict.facts['log'])).not.toContain('{');
  expectTextsFilled(rule, verdict);
  expect(fixesOf(world, rule, verdict).length).toBeGreaterThan(1);
});

test('what clients did to its TLS is not why it ends', () => {
  const world = says(ended(looping), '{"level":"warn","msg":"rejected connection","error":"remote error: tls: bad certificate"}');
  expect(asFail(world.verdict(rule, 'm2')).reason).toBe('unknown');
});

test('nor is what it tells at each start, its whole command line among it', () => {
  const args = '"args":["etcd","--initial-cluster=m1=https://10.89.0.11:2380","--cert-file=/etc/kubernetes/pki/etcd/server.crt"]';
  const slow = '{"level":"warn","msg":"slow fdatasync","took":"9.4s"}';
  for (const start of [
    `{"level":"info","msg":"Running: ",${args}}`,
    '2026-11-21 03:12:44.123456 I | etcdmain: --initial-cluster has three members',
  ]) {
    const world = says(ended(looping), start, slow, '{"level":"info","msg":"received signal; shutting down","signal":"terminated"}');
    expect(asFail(world.verdict(rule, 'm2')).reason).toBe('unknown');
  }
});

test('without a log the pod alone says that it does, and of its memory even why', () => {
  const verdict = asFail(ended(looping).verdict(rule, 'm2'));
  expect([verdict.reason, verdict.facts['log']]).toEqual(['unknown', undefined]);
  expect(asFail(ended({ ...looping, lastReason: 'OOMKilled' }).verdict(rule, 'm2')).reason).toBe('memory');
});

test('a member that serves again was restarted, which is a note; one that ended once may be on its way', () => {
  const young = changeMetrics(healthyWorld(), 'm2', { processStart: now / 1000 - 55 });
  const back = asFail(ended({ restarts: 1, lastFinishedAt: now - 60_000 }, young).verdict(rule, 'm2'));
  expect(back.severity).toBe('info');
  expectTextsFilled(rule, back);
  expect(asFail(ended({ restarts: 1, lastFinishedAt: now - 60_000 }).verdict(rule, 'm2')).severity).toBe('warning');
  expect(asFail(ended({ restarts: 2, lastFinishedAt: now - 60_000 }).verdict(rule, 'm2')).severity).toBe('critical');
  expect(healthyWorld().verdict(rule, 'm2').status).toBe('pass');
  expect(ended({ restarts: 9, lastFinishedAt: now - 1_000_000 }, healthyWorld()).verdict(rule, 'm2').status).toBe('pass');
});

function unreported(world: World): World {
  return world.set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.map((node) => (node.name === 'm2' ? { ...node, ready: 'Unknown' as const } : node)),
  }));
}

test('a kubelet that does not report: unknown, unless the log tells', () => {
  const gone = unreported(silence(healthyWorld(), 'm2'));
  expect(gone.verdict(rule, 'm2').status).toBe('unknown');
  const told = says(gone, '{"level":"fatal","msg":"failed to start etcd","error":"found data inconsistency with peers"}');
  const verdict = asFail(told.verdict(rule, 'm2'));
  expect(verdict.reason).toBe('inconsistent');
  expectTextsFilled(rule, verdict);
  expect(unreported(healthyWorld()).verdict(rule, 'm2').status).toBe('pass');
  const young = changeMetrics(healthyWorld(), 'm2', { processStart: now / 1000 - 55 });
  expect(unreported(young).verdict(rule, 'm2').status).toBe('unknown');
  expect(says(unreported(young), '{"level":"fatal","msg":"old"}').verdict(rule, 'm2').status).toBe('unknown');
});

test('data is put aside before a member is replaced, and only where those who stay have a quorum', () => {
  const world = says(ended(looping), '{"level":"fatal","error":"member has already been bootstrapped"}');
  const fixes = fixesOf(world, rule, asFail(world.verdict(rule, 'm2')));
  expect(fixes[1]?.run.join()).toContain('mv /var/lib/etcd /var/lib/etcd.kept-');
  expect(fixes[1]?.needs).toContainEqual({ text: 'the other voters have a quorum without it', met: 'yes' });
  expect(fixes[2]?.run[0]).toContain('member remove a2c947be10d8f355');
  const alone = silence(world, 'm3');
  const kept = fixesOf(alone, rule, asFail(alone.verdict(rule, 'm2'))).flatMap((fix) => fix.run);
  expect(kept.filter((command) => /member remove|\bmv\b/.test(command))).toEqual([]);
  expect(kept.join()).toContain('ls -l /var/lib/etcd/member');
});

test('no list of pods is unknown; etcd that is no pod is not its matter', () => {
  expect(healthyWorld().missing('kube.control-plane-pods').verdict(rule, 'm2').status).toBe('unknown');
  const external = healthyWorld().set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.filter((pod) => pod.component !== 'etcd'),
  }));
  expect(external.verdict(rule, 'm2').status).toBe('not-applicable');
});
