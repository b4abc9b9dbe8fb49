// Does etcd-unsafe-config see what a flag, a variable or its absence does to etcd?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-unsafe-config.ts';
import { parseFlags } from '../../../src/model/flags.ts';
import { withFlags } from '../../kit/etcd-worlds.ts';
import { asFail, expectTextsFilled, fixesOf, healthyWorld, now, silence, statuses, type World } from './kit.ts';

const sound = ['--client-cert-auth=true', '--feature-gates=InitialCorruptCheck=true'];

function started(...words: readonly string[]): World {
  const world = healthyWorld();
  for (const node of ['m1', 'm2', 'm3'] as const) withFlags(world, 'etcd', node, ...sound);
  return withFlags(world, 'etcd', 'm2', ...words);
}

test('kubeadm’s own settings pass', () => {
  expect(statuses(started(), rule)).toEqual(['pass', 'pass', 'pass']);
});

test.each([
  ['--force-new-cluster', 'force-new-cluster', 'critical'],
  ['--force-new-cluster=true', 'force-new-cluster', 'critical'],
  ['--unsafe-no-fsync', 'no-fsync', 'critical'],
  ['--strict-reconfig-check=false', 'reconfig', 'warning'],
  ['--listen-client-urls=https://127.0.0.1:2379,http://10.89.0.12:2379', 'open', 'critical'],
  ['--listen-peer-urls=http://10.89.0.12:2380', 'open', 'critical'],
  ['--listen-peer-urls=https://10.89.0.12:2380', 'open', 'critical'],
  ['--quota-backend-bytes=-1', 'quota', 'warning'],
  ['--quota-backend-bytes=8589934593', 'quota', 'warning'],
  ['--max-request-bytes=10485761', 'request-size', 'warning'],
  ['--snapshot-count=100000', 'snapshots', 'info'],
  ['--feature-gates=InitialCorruptCheck=false', 'unchecked', 'info'],
] as const)('%s: %s, %s', (word, reason, severity) => {
  const verdict = asFail(started(word).verdict(rule, 'm2'));
  expect([verdict.reason, verdict.severity, verdict.witness]).toEqual([reason, severity, 'stated']);
  expectTextsFilled(rule, verdict);
});

test.each([
  '--force-new-cluster=false',
  '--strict-reconfig-check=true',
  '--listen-client-urls=http://127.0.0.1:2379',
  '--max-request-bytes=10485760',
  '--snapshot-count=10000',
  '--feature-gates=CompactHashCheck=true',
])('%s is fine', (word) => {
  expect(started(word).verdict(rule, 'm2').status).toBe('pass');
});

test('a port outside asks for certificates where an authority is named', () => {
  const peer = started('--listen-peer-urls=https://10.89.0.12:2380', '--peer-trusted-ca-file=/etc/ca.crt');
  expect(peer.verdict(rule, 'm2').status).toBe('pass');
  const off = started('--listen-client-urls=https://10.89.0.12:2379', '--client-cert-auth=false', '--trusted-ca-file=/etc/ca.crt');
  expect(asFail(off.verdict(rule, 'm2')).reason).toBe('open');
});

test('the odd quota is the odd member’s, and the others pass', () => {
  const world = started('--quota-backend-bytes=4294967296');
  expect(statuses(world, rule)).toEqual(['pass', 'fail', 'pass']);
});

test('of several settings the worst leads, and all are listed', () => {
  const verdict = asFail(started('--strict-reconfig-check=false', '--unsafe-no-fsync').verdict(rule, 'm2'));
  expect(verdict.reason).toBe('no-fsync');
  expect(verdict.facts['settings']).toHaveLength(2);
});

test('etcd reads variables too, and a flag goes before its variable', () => {
  const words = ['etcd', '--name', 'm1', '--unsafe-no-fsync', '--quota-backend-bytes=2'];
  const flags = parseFlags(words, ['ETCD_FORCE_NEW_CLUSTER=true', 'ETCD_QUOTA_BACKEND_BYTES=1']);
  expect(Object.fromEntries(flags)).toEqual({
    'force-new-cluster': 'true',
    'quota-backend-bytes': '2',
    name: 'm1',
    'unsafe-no-fsync': 'true',
  });
  const world = started().set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) => ({
      ...pod,
      containers: pod.containers.map((one) => ({ ...one, environment: ['ETCD_UNSAFE_NO_FSYNC=true'] })),
    })),
  }));
  expect(statuses(world, rule)).toEqual(['fail', 'fail', 'fail']);
});

test('a manifest on this machine goes before what the API remembers', () => {
  const file = { path: '/etc/kubernetes/manifests/etcd.yaml', component: 'etcd', command: ['etcd', ...sound, '--force-new-cluster'] };
  const world = started().set('here.files', undefined, { node: 'm2', certificates: [], manifests: [file], unreadable: [] });
  expect(asFail(world.verdict(rule, 'm2')).facts['by']).toBe('the manifest on this machine');
  expect(world.verdict(rule, 'm1').status).toBe('pass');
});

test('settings that cannot be seen, stand in a file, or may be old are unknown', () => {
  expect(statuses(started().missing('kube.control-plane-pods'), rule)).toContain('unknown');
  expect(started('--config-file=/etc/etcd.conf').verdict(rule, 'm2').status).toBe('unknown');
  const old = started().set('kube.node-leases', undefined, (leases) => ({
    ...leases,
    leases: leases.leases.map((one) => (one.name === 'm2' ? { ...one, renewedAt: now - 600_000 } : one)),
  }));
  expect(statuses(old, rule)).toEqual(['pass', 'unknown', 'pass']);
});

test('the flag is taken out where the others keep a quorum meanwhile', () => {
  const world = started('--force-new-cluster');
  const [fix] = fixesOf(world, rule, asFail(world.verdict(rule, 'm2')));
  expect(String(fix?.do)).toContain('remove --force-new-cluster');
  expect(fix?.needs[0]?.met).toBe('yes');
  const weak = silence(started('--force-new-cluster'), 'm3');
  expect(fixesOf(weak, rule, asFail(weak.verdict(rule, 'm2')))[0]?.needs[0]?.met).toBe('no');
});
