// Is a healthy cluster left alone, whoever built it, and never called proved fine where nobody could look?
import { expect, test } from 'vitest';
import { rules } from '../../rules/index.ts';
import { tree } from '../../rules/tree.ts';
import { buildTopology } from '../../src/judge/topology/build.ts';
import type { Evidence } from '../../src/model/evidence.ts';
import type { Report } from '../../src/model/report.ts';
import { conclude } from '../../src/pipeline/conclude.ts';
import { changed, madeBy, makers } from '../kit/makers.ts';
import { healthyWorld } from '../kit/world.ts';

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
