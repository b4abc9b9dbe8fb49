// Are addresses of IPv6 clusters written and understood as such?
import { expect, test } from 'vitest';
import { viewOf } from '../../../src/judge/judge.ts';
import { pingFullSize } from '../../../src/judge/plans/ping-full-size.ts';
import { usesOnlyLocalEtcd } from '../../../src/judge/readings/wiring.ts';
import { inBrackets, joinAddress } from '../../../src/model/address.ts';
import { healthyWorld } from '../../kit/world.ts';

test('a port stands behind brackets', () => {
  expect([joinAddress('fd00::11', 2379), joinAddress('10.89.0.11', 2379), inBrackets('m1')]).toEqual([
    '[fd00::11]:2379',
    '10.89.0.11:2379',
    'm1',
  ]);
});

test('a full packet leaves 20 bytes less where the header has 40', () => {
  expect(pingFullSize('10.89.0.11')).toContain('-s 1472 10.89.0.11');
  expect(pingFullSize('fd00::11')).toContain('-s 1452 fd00::11');
});

test.each([
  ['https://[::1]:2379', 'yes'],
  ['https://127.0.0.1:2379', 'yes'],
  ['https://[fd00::12]:2379,https://[fd00::13]:2379', 'no'],
] as const)('an API server of %s uses the etcd beside it alone: %s', (servers, answer) => {
  const world = healthyWorld().set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) => ({
      ...pod,
      containers: pod.containers.map((container) => ({
        ...container,
        command: container.command.map((word) => (word.startsWith('--etcd-servers=') ? `--etcd-servers=${servers}` : word)),
      })),
    })),
  }));
  expect(usesOnlyLocalEtcd(viewOf(world.evidence, world.topology), 'm2')).toBe(answer);
});
