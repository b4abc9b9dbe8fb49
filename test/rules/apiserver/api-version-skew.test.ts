import { expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-version-skew.ts';
import { gateOf, shown, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld, type World } from '../../kit/world.ts';

const server = (node: string, gitVersion: string, world = healthyWorld()) => world.set('api.release', node, { gitVersion });

function kubelet(version: string, world = healthyWorld()): World {
  return world.set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.map((node) => (node.name === 'w1' ? { ...node, kubeletVersion: version } : node)),
  }));
}

function controller(tag: string, world = healthyWorld()): World {
  return world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) =>
      pod.name === 'kube-scheduler-m2'
        ? { ...pod, containers: pod.containers.map((one) => ({ ...one, image: `registry:5000/kube-scheduler${tag}` })) }
        : pod,
    ),
  }));
}

const verdict = (world: World) => world.verdict(rule, 'cluster');

test('one release everywhere, whatever its patch and vendor', () => {
  expect(verdict(healthyWorld()).status).toBe('pass');
  expect(verdict(server('m2', 'v1.34.9-eks-1a2b3c')).status).toBe('pass');
});

test('two minor versions are an upgrade, three are not supported', () => {
  expect(asFail(verdict(server('m2', 'v1.33.1')))).toMatchObject({ reason: 'kubelets' }); // the kubelets are newer than it
  const upgraded = server('m2', 'v1.35.0');
  expect(asFail(verdict(upgraded))).toMatchObject({ severity: 'info', reason: 'mixed' });
  const apart = asFail(verdict(server('m2', 'v1.36.0')));
  expect(apart).toMatchObject({ severity: 'critical', reason: 'api-servers' });
  expect(unfilled(rule, apart)).toEqual([]);
});

test('a master that is upgraded as a whole, as kubeadm does it, is an upgrade under way', () => {
  const world = server('m1', 'v1.35.1');
  const upgraded = (component: string) => component === 'kube-controller-manager' || component === 'kube-scheduler';
  world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) =>
      pod.node === 'm1' && upgraded(pod.component)
        ? { ...pod, containers: pod.containers.map((one) => ({ ...one, image: `registry.k8s.io/${pod.component}:v1.35.1` })) }
        : pod,
    ),
  }));
  expect(asFail(verdict(world))).toMatchObject({ severity: 'info', reason: 'mixed' });
  const kubeletToo = world.set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.map((node) => (node.name === 'm1' ? { ...node, kubeletVersion: 'v1.35.1' } : node)),
  }));
  expect(asFail(verdict(kubeletToo))).toMatchObject({ severity: 'info', reason: 'mixed' });
  expect(asFail(verdict(kubelet('v1.35.1', world)))).toMatchObject({ severity: 'critical', reason: 'kubelets' });
});

test.each([
  ['v1.31.0', 'pass'],
  ['v1.30.9', 'fail'],
  ['v1.34.99', 'pass'],
  ['v1.35.0', 'fail'],
] as const)('a kubelet %s beside API servers 1.34: %s', (version, expected) => {
  expect(verdict(kubelet(version)).status).toBe(expected);
});

test('a kubelet before 1.25 may be two minor versions older', () => {
  const old = (version: string) => {
    const world = kubelet(version);
    for (const node of ['m1', 'm2', 'm3']) server(node, 'v1.26.3', world);
    world.set('kube.nodes', undefined, (seen) => ({
      ...seen,
      nodes: seen.nodes
        .filter((node) => node.name === 'w1' || node.controlPlane)
        .map((node) => (node.controlPlane ? { ...node, kubeletVersion: 'v1.26.3' } : node)),
    }));
    return controllersAt(world, 'v1.26.3');
  };
  expect(verdict(old('v1.24.0')).status).toBe('pass');
  expect(verdict(old('v1.23.0')).status).toBe('fail');
});

function controllersAt(world: World, tag: string): World {
  return world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) => ({ ...pod, containers: pod.containers.map((one) => ({ ...one, image: `x/y:${tag}` })) })),
  }));
}

test.each([
  [':v1.33.0', 'pass'],
  [':v1.32.0', 'fail'],
  [':v1.35.0', 'fail'],
  ['@sha256:abc', 'pass'],
] as const)('a scheduler %s beside API servers 1.34: %s', (tag, expected) => {
  expect(verdict(controller(tag)).status).toBe(expected);
});

test('it names what is wrong, and explains that component only', () => {
  const world = controller(':v1.35.0');
  const cause = asFail(verdict(world));
  expect(shown(rule, cause).at(-1)).toBe('kube-scheduler  m2  v1.35.0');
  const broken = (node: string) => ({ ...cause, rule: 'le-component-unhealthy' as const, facts: { component: 'kube-scheduler', node } });
  expect([gateOf(rule, world, cause, broken('m2')), gateOf(rule, world, cause, broken('m1'))]).toEqual([['yes'], ['no']]);
});

test('a release nobody could ask for leaves it open, unless the others are wrong already', () => {
  expect(verdict(healthyWorld().missing('api.release', 'm3')).status).toBe('unknown');
  expect(verdict(healthyWorld().missing('api.release')).status).toBe('unknown');
  expect(verdict(server('m2', 'v1.36.0').missing('api.release', 'm3')).status).toBe('fail');
  expect(verdict(healthyWorld().missing('kube.nodes')).status).toBe('unknown');
  expect(verdict(healthyWorld().missing('kube.control-plane-pods')).status).toBe('unknown');
});
