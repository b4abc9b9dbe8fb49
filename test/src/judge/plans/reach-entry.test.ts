// Do the steps fit what stands at the address in the kubeconfig?
import { expect, test } from 'vitest';
import { viewOf } from '../../../../src/judge/judge.ts';
import { planToReachEntry } from '../../../../src/judge/plans/reach-entry.ts';
import { frontOf } from '../../../../src/judge/readings/front.ts';
import { healthyWorld, type World } from '../../../kit/world.ts';

function stepsFor(world: World, reason = 'refused') {
  const seen = viewOf(world.evidence, world.topology);
  const { entry } = world.topology;
  if (entry === undefined) throw new Error('no entry');
  const steps = planToReachEntry(seen, entry, reason, undefined);
  return { front: frontOf(seen, entry), steps, commands: steps.flatMap((step) => step.run).join('\n') };
}

const bare = () => healthyWorld().missing('lb.stats').missing('lb.config').missing('lb.nginx');
const at = (host: string, port: number, world = bare()) => world.set('operator.kubeconfig', undefined, (old) => ({ ...old, host, port }));

test('HAProxy is started anew where its counters show it', () => {
  const { front, commands } = stepsFor(healthyWorld());
  expect(front).toBe('haproxy');
  expect(commands).toContain('haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl restart haproxy');
});

test('what nobody knows is looked at first', () => {
  const { front, steps } = stepsFor(bare());
  expect(front).toBe('unknown');
  expect(steps.map((step) => step.risk)).toEqual(['none', 'medium']);
});

test('the address of one master is that master’s API server', () => {
  const { front, steps, commands } = stepsFor(at('10.89.0.12', 6443));
  expect(front).toBe('master');
  expect(steps.map((step) => step.where)).toEqual(['m2', 'm2']);
  expect(commands).not.toContain('haproxy');
});

test('kube-vip and the balancer of a cloud have no HAProxy', () => {
  const content = { kind: 'kube-vip', address: '10.89.0.10' } as const;
  const files = [{ node: 'm1', path: '/etc/kubernetes/manifests/kube-vip.yaml', from: 'here', content } as const];
  const vip = stepsFor(bare().set('lb.config', undefined, { files, unreadable: [] }));
  expect([vip.front, vip.steps[0]?.where]).toEqual(['kube-vip', 'each master']);
  const cloud = stepsFor(at('api-1234.elb.eu-west-1.amazonaws.com', 443));
  expect(cloud.front).toBe('provider');
  expect(`${vip.commands}${cloud.commands}`).not.toContain('haproxy');
});

test('a name that does not resolve is looked up', () => {
  expect(stepsFor(healthyWorld(), 'dns').commands).toBe('getent ahosts 10.89.0.10');
});

test('Envoy, also where its admin interface ended with it', () => {
  const told = bare().set('lb.envoy', undefined, { hosts: [], clusters: [] });
  expect(stepsFor(told).front).toBe('envoy');
  expect(stepsFor(told).commands).toContain('envoy --mode validate');
  expect(stepsFor(told.missing('lb.envoy', undefined, { gap: 'failed' })).front).toBe('envoy');
  expect(stepsFor(told.missing('lb.envoy', undefined, { gap: 'not-collected' })).front).toBe('unknown');
});
