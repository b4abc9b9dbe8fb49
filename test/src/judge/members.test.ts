import { expect, test } from 'vitest';
import type { EtcdMember } from '../../../src/model/etcd.ts';
import type { EvidenceId } from '../../../src/model/evidence.ts';
import type { Hint } from '../../../src/model/operator.ts';
import { addressOf, etcdStatus, healthyWorld, World } from '../../kit/world.ts';

const all = ['m1', 'm2', 'm3'] as const;
const stacked = all.map((node) => `${addressOf(node)}:2379`);
const outside = ['10.2.0.1:2379', '10.2.0.2:2379', '10.2.0.3:2379'];
const idsOf = (world: World): readonly string[] => world.topology.members.map((member) => member.subject.id);

/** Nothing of the healthy cluster but these. */
function only(...ids: readonly EvidenceId[]): World {
  return new World(healthyWorld().evidence.items.filter((item) => ids.includes(item.id)));
}

function withHints(world: World, ...members: readonly Hint[]): World {
  return world.set('operator.hints', undefined, { masters: [], members });
}

function listed(...members: readonly Partial<EtcdMember>[]): World {
  const base = { id: 'a1', name: 'm1', peerUrls: [], clientUrls: [], learner: false };
  return only().set('etcd.members', 'm1', { kind: 'answered', clusterId: 'c', members: members.map((member) => ({ ...base, ...member })) });
}

/** The API servers' own flag. */
function withServers(servers: string): World {
  return only('kube.control-plane-pods').set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods
      .filter((pod) => pod.component === 'kube-apiserver')
      .map((pod) => ({
        ...pod,
        containers: pod.containers.map((one) => ({ ...one, command: ['kube-apiserver', `--etcd-servers=${servers}`] })),
      })),
  }));
}

test("etcd's own list decides, with ids, pods and learners", () => {
  const { members } = healthyWorld().topology;
  expect(members.map((member) => member.subject.keys)).toEqual([
    { node: 'm1', member: '5f1c0a7d93b2e684' },
    { node: 'm2', member: 'a2c947be10d8f355' },
    { node: 'm3', member: 'c83e61f09a7724db' },
  ]);
  expect(members[0]).toMatchObject({ pod: 'etcd-m1', origin: 'listed', learner: false, started: true, peerPort: 2380 });
  expect(listed({ clientUrls: ['https://10.0.0.1:2379'], learner: true }).topology.members).toMatchObject([{ learner: true }]);
});

test('the longest list counts where members disagree, and an answer that failed counts for nothing', () => {
  const world = healthyWorld().set('etcd.members', 'm3', { kind: 'failed', why: 'timeout', detail: '' });
  world.set('etcd.members', 'm1', (old) => (old.kind === 'answered' ? { ...old, members: old.members.slice(0, 1) } : old));
  expect(idsOf(world)).toEqual(stacked);
  expect(world.topology.membersComplete).toBe(true);
});

test('a member that never started has its peer address, no machine and is not asked', () => {
  const world = listed({ clientUrls: ['https://10.0.0.1:2379'] }, { id: 'b2', name: '', peerUrls: ['https://10.0.0.9:2380'] });
  expect(world.topology.members).toMatchObject([
    { started: true },
    { started: false, host: '10.0.0.9', clientPort: 2379, subject: { name: '10.0.0.9', keys: { member: 'b2' } } },
  ]);
  expect(world.topology.machines.map((machine) => machine.host)).toEqual(['10.0.0.1']);
});

test('members that advertise their own loopback stay as many as they are', () => {
  const world = listed(
    { id: 'a1', name: 'm1', clientUrls: ['https://127.0.0.1:2379', 'https://10.0.0.1:2379'], peerUrls: ['https://10.0.0.1:2380'] },
    { id: 'b2', name: 'm2', clientUrls: ['https://127.0.0.1:4001'], peerUrls: ['https://10.0.0.2:2380'] },
    { id: 'c3', name: 'm3', clientUrls: ['https://[::1]:2379'], peerUrls: ['https://[fd00::3]:2380'] },
  );
  expect(idsOf(world)).toEqual(['10.0.0.1:2379', '10.0.0.2:4001', '[fd00::3]:2379']);
  expect(world.topology.members.map((member) => member.subject.name)).toEqual(['m1', 'm2', 'm3']);
});

test('members on one host are told apart by their ports', () => {
  const world = listed({ clientUrls: ['http://127.0.0.1:2379'] }, { id: 'b2', name: 'm2', clientUrls: ['http://127.0.0.1:22379'] });
  expect(idsOf(world)).toEqual(['127.0.0.1:22379', '127.0.0.1:2379']);
});

test.each([
  ['pods', only('kube.control-plane-pods'), false],
  ['nodes of a stacked cluster', only('kube.kubeadm-config', 'kube.nodes'), true],
] as const)('without a list: %s', (_what, world, complete) => {
  expect(idsOf(world)).toEqual(stacked);
  expect(world.topology).toMatchObject({ etcd: 'stacked', membersComplete: complete });
});

test('the id comes from the member itself when no list gives it', () => {
  const world = only('kube.kubeadm-config', 'kube.nodes', 'etcd.status').drop('etcd.status', 'm2');
  expect(world.set('etcd.status', 'm3', etcdStatus({ learner: true })).topology.members).toMatchObject([
    { subject: { keys: { member: '5f1c0a7d93b2e684' } }, learner: false },
    { subject: { keys: { member: '10.89.0.12:2379' } }, learner: false },
    { subject: { keys: { member: 'c83e61f09a7724db' } }, learner: true },
  ]);
});

test('an external etcd is where kubeadm says, and no node is taken for a member', () => {
  const world = only('kube.nodes', 'kube.kubeadm-config').set('kube.kubeadm-config', undefined, (old) => ({
    ...old,
    externalEtcd: outside.map((address) => `https://${address}`),
  }));
  expect(idsOf(world)).toEqual(outside);
  expect(world.topology).toMatchObject({ etcd: 'external', membersComplete: false });
  expect(world.topology.machines.filter((machine) => machine.host?.startsWith('10.2.'))).toHaveLength(3);
});

test('the flag of the API servers names an external etcd once for all of them', () => {
  expect(idsOf(withServers(outside.map((address) => `https://${address}`).join(',')))).toEqual(outside);
});

test.each(['https://127.0.0.1:2379', 'https://localhost:2379', 'https://[::1]:2379'])('%s in that flag is no member here', (servers) => {
  expect(idsOf(withServers(servers))).toEqual([]);
});

test('hints: flags always, remembered ones only where nothing else is known', () => {
  const memory = { address: '10.3.0.1:2379', node: 'old', member: 'd4', from: 'remembered' } as const;
  expect(withHints(only(), memory).topology.members).toMatchObject([
    { origin: 'remembered', subject: { name: 'old', keys: { member: 'd4' } } },
  ]);
  expect(idsOf(withHints(only(), memory, { address: '10.2.0.1:2379', from: 'flag' }))).toEqual(['10.2.0.1:2379']);
  expect(withHints(only(), { address: '10.2.0.1:2379', from: 'manifest' }).topology.members).toMatchObject([{ origin: 'manifest' }]);
});

test('a member named as the one on this machine is asked where no other is known', () => {
  const here = { address: '127.0.0.1:2379', from: 'environment' } as const;
  expect(idsOf(withHints(only(), here))).toEqual(['127.0.0.1:2379']);
  expect(idsOf(withHints(only('kube.control-plane-pods'), here))).toEqual(stacked);
});

test('IPv6 members keep their brackets', () => {
  const world = listed({ clientUrls: ['https://[fd00::11]:2379'], peerUrls: ['https://[fd00::11]:2380'] });
  expect(world.topology.members).toMatchObject([{ host: 'fd00::11', clientPort: 2379, subject: { id: '[fd00::11]:2379' } }]);
});
