import { expect, test } from 'vitest';
import rule from '../../../rules/leader/le-lease-missing.ts';
import { cloud, startedWith, withCloudControllers, withCloudLease } from '../../kit/leader-worlds.ts';
import { fixesOf } from '../../kit/texts.ts';
import { asFail, healthyWorld, type World } from '../../kit/world.ts';

const scheduler = 'kube-system/Lease/kube-scheduler';

function without(world: World, name: string): World {
  return world.set('kube.leases', undefined, (old) => ({ ...old, leases: old.leases.filter((lease) => lease.name !== name) }));
}

function withFlag(world: World, flag: string): World {
  return world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) => {
      const containers = pod.containers.map((container) => ({ ...container, command: [...container.command, flag] }));
      return pod.component === 'kube-scheduler' ? { ...pod, containers } : pod;
    }),
  }));
}

test('both leases of a healthy cluster are there', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['pass', 'pass']);
});

test('a lease that is not there while its component is listed is missing, the other is not', () => {
  const world = without(healthyWorld(), 'kube-scheduler');
  expect(asFail(world.verdict(rule, scheduler))).toMatchObject({ severity: 'critical', witness: 'stated', facts: { instances: 3 } });
  expect(world.verdict(rule, 'kube-system/Lease/kube-controller-manager').status).toBe('pass');
});

test('no pods, but nodes: something must have led here', () => {
  const world = without(healthyWorld(), 'kube-scheduler').set('kube.control-plane-pods', undefined, { pods: [] });
  expect(asFail(world.verdict(rule, scheduler)).facts).toMatchObject({ instances: 0 });
});

test('a lease under another name is looked for there, in another namespace it is unknown', () => {
  const renamed = withFlag(without(healthyWorld(), 'kube-scheduler'), '--leader-elect-resource-name=second-scheduler');
  expect(asFail(renamed.verdict(rule, scheduler)).facts).toMatchObject({ lease: 'second-scheduler' });
  renamed.set('kube.leases', undefined, (old) => {
    const [first] = old.leases;
    return { ...old, leases: [...old.leases, ...(first === undefined ? [] : [{ ...first, name: 'second-scheduler' }])] };
  });
  expect(renamed.verdict(rule, scheduler).status).toBe('pass');
  expect(withFlag(without(healthyWorld(), 'kube-scheduler'), '--leader-elect-resource-namespace=ops').verdict(rule, scheduler).status).toBe(
    'unknown',
  );
});

test('without leader election, and where a provider runs the controllers, there is none to miss', () => {
  expect(withFlag(without(healthyWorld(), 'kube-scheduler'), '--leader-elect=false').verdict(rule, scheduler).status).toBe(
    'not-applicable',
  );
  const managed = without(healthyWorld(), 'kube-scheduler')
    .missing('kube.kubeadm-config')
    .set('kube.control-plane-pods', undefined, { pods: [] });
  managed.set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.filter((node) => node.name === 'w1').map((node) => ({ ...node, providerId: 'aws:///eu-west-1a/i-0abc' })),
  }));
  expect(managed.verdict(rule, scheduler).status).toBe('not-applicable');
});

test('leases nobody could list are not missing; nor is one where nothing says that it should be', () => {
  expect(
    healthyWorld()
      .missing('kube.leases')
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['unknown', 'unknown']);
  expect(without(healthyWorld(), 'kube-scheduler').missing('kube.control-plane-pods').verdict(rule, scheduler).status).toBe('unknown');
  const empty = without(healthyWorld(), 'kube-scheduler').set('kube.control-plane-pods', undefined, { pods: [] });
  expect(empty.set('kube.nodes', undefined, { nodes: [] }).verdict(rule, scheduler).status).toBe('unknown');
});

test('a lock that only some instances are told to use does not hide the lease of the others', () => {
  const world = startedWith(healthyWorld(), 'kube-scheduler', 'm2', '--leader-elect-resource-name=second');
  expect(world.verdict(rule, scheduler).status).toBe('pass');
});

test('the cloud’s controllers are listed and have no lease: missing by the same test', () => {
  const world = withCloudControllers(healthyWorld());
  expect(asFail(world.verdict(rule, cloud))).toMatchObject({ severity: 'critical', facts: { instances: 1 } });
  expect(withCloudControllers(withCloudLease(healthyWorld())).verdict(rule, cloud).status).toBe('pass');
  const alone = startedWith(withCloudControllers(healthyWorld()), 'cloud-controller-manager', undefined, '--leader-elect=false');
  expect(alone.verdict(rule, cloud).status).toBe('not-applicable');
  expect(healthyWorld().judge(rule)).toHaveLength(2);
});

test('the lease that is looked for afterwards is the one its component uses', () => {
  const renamed = withFlag(without(healthyWorld(), 'kube-scheduler'), '--leader-elect-resource-name=second-scheduler');
  const [fix] = fixesOf(rule, renamed, asFail(renamed.verdict(rule, scheduler)));
  expect(fix?.verify[0]).toContain('get lease second-scheduler ');
});
