// Is a healthy cluster left alone, whoever built it, and never called proved fine where nobody could look?
import { expect, test } from 'vitest';
import { rules } from '../../rules/index.ts';
import { tree } from '../../rules/tree.ts';
import { buildTopology } from '../../src/judge/topology/build.ts';
import type { Evidence } from '../../src/model/evidence.ts';
import type { Report } from '../../src/model/report.ts';
import { conclude } from '../../src/pipeline/conclude.ts';
import { changed, madeBy, makers } from '../kit/makers.ts';
import { notReady } from '../kit/leader-worlds.ts';
import { failedTries, failure, healthyWorld } from '../kit/world.ts';

const run = { replayed: true, seconds: 0, interrupted: false, timings: {} };

function concluded(evidence: Evidence): Report {
  return conclude({ evidence, rules, tree, version: '0', run });
}

function foundIn(evidence: Evidence): readonly string[] {
  const { findings } = concluded(evidence);
  return findings
    .filter(({ severity }) => severity !== 'info')
    .map(({ cause, severity }) => `${severity}: ${cause.rule} ${cause.subject.name}`);
}

test.each(makers)('%s', (kind, version, osImage) => {
  const evidence = madeBy(healthyWorld().evidence, version, osImage);
  expect(buildTopology(evidence).platform.kind).toBe(kind);
  expect(foundIn(evidence)).toEqual([]);
});

test('k3s, which runs its control plane in one process', () => {
  const [[, version, osImage] = ['k3s', '', '']] = makers;
  const evidence = changed(madeBy(healthyWorld().evidence, version, osImage), [], {
    'kube.control-plane-pods': (value) => ({ ...value, pods: [] }),
  });
  expect(foundIn(evidence)).toEqual([]);
});

test('a provider that shows workers and one address', () => {
  const withoutMasters = changed(healthyWorld().evidence, ['kube.kubeadm-config', 'lb.stats', 'lb.config'], {
    'kube.nodes': (value) => ({
      ...value,
      nodes: value.nodes.flatMap((node) => (node.controlPlane ? [] : [{ ...node, kubeletVersion: 'v1.34.4-eks-1234567' }])),
    }),
    'api.version': (value) => ({ ...value, gitVersion: 'v1.34.4-eks-1234567' }),
    'kube.control-plane-pods': (value) => ({ ...value, pods: [] }),
  });
  const evidence = {
    ...withoutMasters,
    items: withoutMasters.items.filter(
      ({ id, subject }) => !id.startsWith('etcd.') && subject.kind !== 'apiserver' && !/^m\d$/.test(subject.name),
    ),
  };
  expect(buildTopology(evidence).platform.kind).toBe('managed');
  expect(foundIn(evidence)).toEqual([]);
  const passed = concluded(evidence).verdicts.filter(({ status, rule }) => status === 'pass' && rule.startsWith('etcd-'));
  expect(passed).toEqual([]);
});

test('k3s whose one process ended on m2: one cause, and the rest follows from it', () => {
  const world = notReady(healthyWorld().set('api.ready', 'm2', { tries: failedTries('m2', 'refused') }), 'm2', 60_000);
  for (const id of ['etcd.client-port', 'etcd.peer-port', 'node.kubelet-port'] as const)
    world.set(id, 'm2', { outcome: failure('refused'), chain: [] });
  for (const id of ['etcd.status', 'etcd.metrics', 'etcd.health', 'etcd.members', 'etcd.read'] as const)
    world.set(id, 'm2', failure('refused'));
  const [[, version, osImage] = ['k3s', '', '']] = makers;
  const evidence = changed(madeBy(world.drop('etcd.hash', 'm2').evidence, version, osImage), ['lb.stats', 'lb.tries'], {
    'kube.control-plane-pods': (value) => ({ ...value, pods: [] }),
  });
  const [first, ...others] = concluded(evidence).findings.filter(({ severity }) => severity !== 'info');
  expect([first?.cause.rule, first?.cause.subject.name]).toEqual(['etcd-member-down', 'm2']);
  const folded = (first?.effects ?? []).map(({ rule }) => rule);
  expect(folded).toEqual(expect.arrayContaining(['api-master-unreachable', 'ha-node-notready']));
  expect(others.map(({ cause }) => cause.rule)).toEqual([]);
});
