// Two load balancers that share the address of the API: their files, and what each says of itself.
import type { BalancerFile, VrrpInstance } from '../../src/model/balancer.ts';
import { healthyWorld, now, type World } from './world.ts';

export function addFiles(world: World, ...more: readonly BalancerFile[]): World {
  return world.set('lb.config', undefined, (old) => ({ ...old, files: [...old.files, ...more] }));
}

/** keepalived.conf of a machine for the address of the API, and what the machine wrote about itself. */
export function keeper(node: 'lb1' | 'lb2', state: string | undefined, change: Partial<VrrpInstance> = {}): readonly BalancerFile[] {
  const [own, other] = node === 'lb1' ? ['10.89.0.8', '10.89.0.9'] : ['10.89.0.9', '10.89.0.8'];
  const instance: VrrpInstance = {
    name: 'VI_1',
    state: 'BACKUP',
    device: 'eth0',
    routerId: 77,
    priority: node === 'lb1' ? 101 : 100,
    advertInterval: 1,
    version: 2,
    authentication: { type: 'PASS', password: 'redacted:1234567890ab', tooLong: false },
    preempts: true,
    unicastSource: own,
    unicastPeers: [other],
    addresses: ['10.89.0.10'],
    tracks: [{ name: 'chk' }],
    ...change,
  };
  const scripts = [{ name: 'chk', script: '/etc/keepalived/check.sh', interval: 2, fall: 2, weight: -60 }];
  const file = { node, path: '/etc/keepalived/keepalived.conf', from: 'flag' as const };
  const config: BalancerFile = { ...file, content: { kind: 'keepalived', scripts, instances: [instance] } };
  if (state === undefined) return [config];
  const dump = { name: 'VI_1', state, addresses: ['10.89.0.10'], lastTransition: now - 60_000, writtenAt: now };
  return [config, { ...file, path: '/tmp/keepalived.data', content: { kind: 'keepalived-state', instances: [dump] } }];
}

/** Two load balancers that share the address; no state means that nobody looked there. */
export function pair(one: string | undefined, other: string | undefined, changes: readonly Partial<VrrpInstance>[] = []): World {
  return addFiles(healthyWorld(), ...keeper('lb1', one, changes[0]), ...keeper('lb2', other, changes[1]));
}
