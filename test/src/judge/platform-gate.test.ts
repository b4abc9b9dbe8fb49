import { expect, test } from 'vitest';
import { pass } from '../../../src/judge/define-rule.ts';
import { tree } from '../../../rules/tree.ts';
import { rules } from '../../../rules/index.ts';
import { judgeAll } from '../../../src/judge/judge.ts';
import { walk } from '../../../src/judge/walk.ts';
import { vitalUnanswered } from '../../../src/model/tree.ts';
import { gateFor } from '../../../src/judge/platform-gate.ts';
import type { NodeSeen } from '../../../src/model/kubernetes.ts';
import { clusterSubject } from '../../../src/model/subject.ts';
import { rule } from '../../kit/verdicts.ts';
import { healthyWorld, World } from '../../kit/world.ts';

/** A cluster of which no kubeadm trace is left: what remains is said by its nodes, version and host. */
function bare(change: Partial<NodeSeen> = {}, host = '10.89.0.10'): World {
  return new World(healthyWorld().evidence.items.filter((item) => !item.id.startsWith('etcd.')))
    .drop('kube.kubeadm-config')
    .drop('api.version')
    .set('kube.control-plane-pods', undefined, { pods: [] })
    .set('operator.kubeconfig', undefined, (old) => ({ ...old, host }))
    .set('kube.nodes', undefined, (old) => ({ ...old, nodes: old.nodes.map((node) => ({ ...node, ...change })) }));
}

const worker = { controlPlane: false } as const;

test.each([
  ['EKS by its host', bare(worker, 'ABC.gr7.eu-west-1.eks.amazonaws.com'), 'managed'],
  ['EKS by its version', bare({ ...worker, kubeletVersion: 'v1.34.1-eks-113cf36' }), 'managed'],
  ['GKE by its version', bare({ ...worker, kubeletVersion: 'v1.34.1-gke.1829001' }), 'managed'],
  ['AKS by its host', bare(worker, 'prod-1a2b.hcp.westeurope.azmk8s.io'), 'managed'],
  ['AKS by its nodes', bare({ ...worker, providerId: 'azure:///subscriptions/x/virtualMachines/0' }), 'managed'],
  [
    'EKS Anywhere, whose control plane is one’s own',
    healthyWorld().set('api.version', undefined, { gitVersion: 'v1.34.1-eks-113cf36' }),
    'kubeadm',
  ],
  ['GKE on machines of one’s own, without kubeadm', bare({ kubeletVersion: 'v1.34.1-gke.1829001' }), 'other'],
  ['a provider’s cluster by its nodes', bare({ ...worker, providerId: 'digitalocean://4711' }), 'managed'],
  ['a cluster run by its owner on a cloud', bare({ providerId: 'aws:///eu-west-1a/i-0abc' }), 'other'],
  ['k3s', bare({ kubeletVersion: 'v1.34.1+k3s1' }), 'k3s'],
  ['rke2', bare({ kubeletVersion: 'v1.34.1+rke2r1' }), 'rke2'],
  ['Talos', bare({ osImage: 'Talos (v1.11.2)' }), 'talos'],
  ['OpenShift', bare({ osImage: 'Red Hat Enterprise Linux CoreOS 9.6.20250915-0' }), 'openshift'],
  ['kind', bare({ providerId: 'kind://docker/lab/m1' }), 'kind'],
  ['nothing that is known', bare(), 'other'],
  ['kubeadm by its ConfigMap', healthyWorld(), 'kubeadm'],
  ['kubeadm by the pods it annotates', healthyWorld().drop('kube.kubeadm-config'), 'kubeadm'],
])('%s', (_what, world, kind) => {
  expect(world.topology.platform.kind).toBe(kind);
  expect(world.topology.platform.detail).not.toBe('');
});

test('worker nodes of a cloud are no managed cluster while the pods cannot be listed', () => {
  const world = bare({ ...worker, providerId: 'azure:///x' }).drop('kube.control-plane-pods');
  expect(world.topology.platform.kind).toBe('other');
});

test('without any listing: what a former run saw, then the manifests of this machine, then unknown', () => {
  const remembered = { kind: 'talos', detail: 'Talos (v1.11.2)' } as const;
  const hints = { masters: [], members: [], platform: remembered };
  const files = { node: 'm1', certificates: [], unreadable: [], manifests: [{ path: 'etcd.yaml', component: 'etcd', command: [] }] };
  const nothing = new World([]);
  expect(nothing.topology.platform.kind).toBe('unknown');
  expect(nothing.set('here.files', undefined, files).topology).toMatchObject({ platform: { kind: 'kubeadm' }, etcd: 'stacked' });
  expect(nothing.set('operator.hints', undefined, hints).topology.platform).toEqual(remembered);
});

test('the provider of a managed cluster hides etcd and its hosts', () => {
  const { topology } = bare(worker, 'ABC.gr7.eu-west-1.eks.amazonaws.com');
  expect(topology).toMatchObject({ etcd: 'hidden', members: [], membersComplete: true });
  expect(gateFor({ area: 'etcd' }, topology)).toContain('eks.amazonaws.com');
  expect(gateFor({ area: 'host' }, topology)).toContain('the provider runs the control plane');
  for (const area of ['apiserver', 'loadbalancer', 'certificates', 'clock'] as const) expect(gateFor({ area }, topology)).toBeUndefined();
});

test('a rule about etcd does not apply there', () => {
  const etcd = { ...rule('r', 1), subjects: () => [clusterSubject], judge: () => pass() };
  expect(bare(worker, 'x.azmk8s.io').judge(etcd)).toMatchObject([
    { status: 'not-applicable', because: expect.stringContaining('azmk8s.io') },
  ]);
  expect(healthyWorld().judge(etcd)).toMatchObject([{ status: 'pass' }]);
});

test('a managed cluster without a fault leaves no vital question open', () => {
  const world = bare({ ...worker, kubeletVersion: 'v1.34.1-eks-113cf36' })
    .drop('lb.stats')
    .drop('lb.config')
    .set('kube.endpoints', undefined, (old) => ({
      ...old,
      addresses: ['172.16.1.10:443', '172.16.2.10:443'],
    }));
  expect(world.topology).toMatchObject({ masters: [], candidates: [], mastersComplete: true });
  const verdicts = judgeAll(rules, world.evidence, world.topology);
  expect(verdicts.flatMap((verdict) => (verdict.status === 'fail' ? [verdict.rule] : []))).toEqual([]);
  expect(vitalUnanswered(walk(tree, verdicts)).map(({ question, because }) => [question, ...because])).toEqual([]);
});
