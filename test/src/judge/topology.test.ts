import fc from 'fast-check';
import { joinAddress } from '../../../src/model/address.ts';
import { expect, test } from 'vitest';
import { buildTopology, splitAddress } from '../../../src/judge/topology/build.ts';
import type { Hint } from '../../../src/model/operator.ts';
import { addressOf, answered, certificate, failedTries, healthyWorld, World } from '../../kit/world.ts';

const idsOf = (list: readonly { readonly subject: { readonly id: string } }[]): readonly string[] => list.map((one) => one.subject.id);
const namesOf = (list: readonly { readonly subject: { readonly name: string } }[]): readonly string[] =>
  list.map((one) => one.subject.name);
const all = ['m1', 'm2', 'm3'] as const;
const api = all.map((node) => `${addressOf(node)}:6443`);

/** The kubeconfig and what the load balancer showed; nothing could be listed. */
function outside(...hints: readonly Hint[]): World {
  const kept = ['operator.kubeconfig', 'lb.tries'];
  const world = new World(healthyWorld().evidence.items.filter((item) => kept.includes(item.id)));
  return world.set('operator.hints', undefined, { masters: hints, members: [] });
}

const flag = (address: string): Hint => ({ address, from: 'flag' });
const remembered = (address: string, node?: string): Hint => ({ address, from: 'remembered', ...(node !== undefined && { node }) });

test('the healthy cluster: three masters, three machines of the control plane, one worker', () => {
  const { topology } = healthyWorld();
  expect(idsOf(topology.masters)).toEqual(api);
  expect(topology).toMatchObject({ mastersComplete: true, membersComplete: true, entryIsMaster: false, candidates: [], etcd: 'stacked' });
  expect(topology.machines.map((machine) => `${machine.subject.id} ${machine.controlPlane}`)).toEqual([
    'm1 true',
    'm2 true',
    'm3 true',
    'w1 false',
  ]);
  expect(topology.machines[1]?.subject.keys).toEqual({ node: 'm2', apiserver: '10.89.0.12:6443', member: 'a2c947be10d8f355' });
});

test.each([['kube.nodes'], ['kube.control-plane-pods'], ['kube.endpoints']] as const)('%s alone names the masters', (only) => {
  const world = new World(healthyWorld().evidence.items.filter((item) => item.id === only));
  expect(idsOf(world.topology.masters)).toEqual(api);
  expect(world.topology.mastersComplete).toBe(only === 'kube.nodes');
  expect(world.topology.masters.every((master) => master.origin === 'listed')).toBe(true);
});

test('a machine with several addresses runs one API server and one member, where it advertises them', () => {
  const world = healthyWorld().set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.map((node) => ({ ...node, internalAddresses: [`10.0.2.1${node.name.slice(1)}`] })),
  }));
  world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) => ({ ...pod, hostAddress: `10.0.2.1${pod.node.slice(1)}` })),
  }));
  for (const id of ['etcd.members', 'etcd.client-port', 'api.ready'] as const) world.drop(id);
  expect(idsOf(world.topology.masters)).toEqual(api);
  expect(idsOf(world.topology.members)).toEqual(all.map((node) => `${addressOf(node)}:2379`));
  expect(namesOf(world.topology.members)).toEqual(all);
  expect(world.topology.machines).toHaveLength(4);
});

test('masters named by a flag count at once, the port being optional; loopback beside them is one of them', () => {
  const { masters, mastersComplete, candidates } = outside(
    flag('10.1.0.1'),
    flag('10.1.0.2:7443'),
    flag('127.0.0.1:6443'),
    flag('localhost'),
  ).topology;
  expect(idsOf(masters)).toEqual(['10.1.0.1:6443', '10.1.0.2:7443']);
  expect({ mastersComplete, candidates }).toEqual({ mastersComplete: true, candidates: [] });
});

test('what a former run remembers stands in for the listing, never beside it', () => {
  const world = outside(remembered('10.1.0.1:6443', 'old'));
  expect(world.topology.masters).toMatchObject([{ origin: 'remembered', subject: { name: 'old' } }]);
  expect(world.topology.mastersComplete).toBe(false);
  expect(
    idsOf(healthyWorld().set('operator.hints', undefined, { masters: [remembered('10.1.0.1:6443')], members: [] }).topology.masters),
  ).toEqual(api);
});

test('names in certificates seen through the LB are guesses, without the LB itself', () => {
  const { masters, candidates } = outside().topology;
  expect(masters).toEqual([]);
  expect(idsOf(candidates)).toEqual([...api, '10.96.0.1:6443']);
});

test('an LB known by a name is no guess either, though its certificates hold its address', () => {
  const named = outside().set('operator.kubeconfig', undefined, (old) => ({ ...old, host: 'k8s.example.com' }));
  expect(idsOf(named.topology.candidates)).toEqual([...api, '10.96.0.1:6443']);
});

test('a name that stands for the masters themselves leaves them as guesses', () => {
  const world = outside()
    .set('operator.kubeconfig', undefined, (old) => ({ ...old, host: 'k8s.example.com' }))
    .set('lb.tries', undefined, {
      tries: all.map((node) => answered(node, 200, 'ok', { chain: [certificate(node, { addresses: [addressOf(node)] })] })),
    });
  expect(idsOf(world.topology.candidates)).toEqual(api);
});

test('a guess becomes a master when it shows a certificate of its own; the others stay guesses', () => {
  const { masters, candidates } = outside().set('api.ready', 'm1', { tries: [answered('m1', 200)] }).topology;
  expect(masters).toMatchObject([{ subject: { id: api[0], name: 'm1' }, origin: 'guessed' }]);
  expect(idsOf(candidates)).toEqual([api[1], api[2], '10.96.0.1:6443']);
});

test.each([
  ['refuses', failedTries('m1', 'refused')],
  ['takes a connection and shows nothing', failedTries('m1', 'hung')],
  ['shows a certificate of another', [answered('m1', 200, '', { chain: [certificate('m2')] })]],
])('a guess that %s stays a guess', (_what, tries) => {
  expect(outside().set('api.ready', 'm1', { tries }).topology.masters).toEqual([]);
});

test('tunnels named by a flag are taken where no other address is known, each by its port', () => {
  const tunnels = [flag('127.0.0.1:6443'), flag('127.0.0.1:6444'), flag('localhost')];
  expect(idsOf(outside(...tunnels).topology.masters)).toEqual(['127.0.0.1:6443', '127.0.0.1:6444', 'localhost:6443']);
  expect(outside(...tunnels).topology.mastersComplete).toBe(true);
  const listed = healthyWorld().set('operator.hints', undefined, { masters: tunnels, members: [] });
  expect(idsOf(listed.topology.masters)).toEqual(api);
});

test('several ports of one host that the user names are several API servers; named twice it is one', () => {
  const behindOne = [flag('203.0.113.7:6441'), flag('203.0.113.7:6442'), flag('203.0.113.7:6443'), flag('203.0.113.7')];
  expect(idsOf(outside(...behindOne).topology.masters)).toEqual(['203.0.113.7:6441', '203.0.113.7:6442', '203.0.113.7:6443']);
});

test('a loopback that the cluster lists is some other machine’s', () => {
  const world = new World([]).set('kube.endpoints', undefined, { addresses: ['127.0.0.1:6443'] });
  expect(idsOf(world.topology.masters)).toEqual([]);
});

/** Nothing but etcd's hosts, named by a flag. */
function etcdOnly(): World {
  const members = all.map((node) => flag(`${addressOf(node)}:2379`));
  const knocks = healthyWorld().evidence.items.filter((item) => item.id === 'etcd.client-port');
  return new World(knocks).set('operator.hints', undefined, { masters: [], members });
}

test('hosts of etcd are guesses; once one runs an API server all of them are masters', () => {
  expect(idsOf(etcdOnly().topology.candidates)).toEqual(api);
  expect(etcdOnly().set('api.ready', 'm2', { tries: failedTries('m2', 'refused') }).topology.masters).toEqual([]);
  const { masters, candidates } = etcdOnly().set('api.ready', 'm2', { tries: [answered('m2', 500)] }).topology;
  expect(idsOf(masters)).toEqual(api);
  expect(candidates).toEqual([]);
});

test('an API server that hangs on a host of etcd is one', () => {
  expect(idsOf(etcdOnly().set('api.ready', 'm3', { tries: failedTries('m3', 'hung') }).topology.masters)).toEqual(api);
});

test('a host of etcd that tells a release is one, long before its readiness is told', () => {
  expect(idsOf(etcdOnly().set('api.release', 'm1', { gitVersion: 'v1.34.4' }).topology.masters)).toEqual(api);
  expect(idsOf(outside().set('api.release', 'm1', { gitVersion: 'v1.34.4' }).topology.masters)).toEqual([api[0]]);
});

test('the entry may be a master itself', () => {
  const world = healthyWorld().set('operator.kubeconfig', undefined, (old) => ({ ...old, host: '10.89.0.12', port: 6443 }));
  expect(world.topology).toMatchObject({ entryIsMaster: true, entry: { subject: { id: '10.89.0.12:6443' } } });
});

test('hosts get their names from certificates where nothing is listed', () => {
  expect(namesOf(etcdOnly().topology.candidates)).toEqual(all);
  const strange = etcdOnly().set('etcd.client-port', 'm1', (old) => ({
    ...old,
    chain: [certificate('m1', { names: ['one', 'two', 'localhost'] })],
  }));
  expect(namesOf(strange.topology.candidates)).toEqual(['10.89.0.11', 'm2', 'm3']);
});

test.each([
  ['10.0.0.1', '10.0.0.1', 6443],
  ['https://10.0.0.1:2379/', '10.0.0.1', 2379],
  ['[fd00::1]:7443', 'fd00::1', 7443],
  ['https://[fd00::1]', 'fd00::1', 6443],
  ['FD00:0:0:0:0:0:0:1', 'fd00::1', 6443],
  ['master.example.com', 'master.example.com', 6443],
])('%s is host %s and port %i', (text, host, port) => {
  expect(splitAddress(text, 6443)).toEqual({ host, port });
  expect(splitAddress(joinAddress(host, port), 1)).toEqual({ host, port });
});

test.each(['', 'a:b', '10.0.0.1:port', 'a:1:b'])('%j is no address', (text) => {
  expect(splitAddress(text, 6443)).toBeUndefined();
});

test('two spellings of one IPv6 address are one master', () => {
  const world = outside(flag('FD00:0:0:0:0:0:0:1')).set('kube.endpoints', undefined, { addresses: ['[fd00::1]:6443', '[fd00::2]:6443'] });
  expect(idsOf(world.topology.masters)).toEqual(['[fd00::1]:6443', '[fd00::2]:6443']);
});

test('the same evidence in any order gives the same topology', () => {
  const items = [
    ...healthyWorld().evidence.items,
    ...healthyWorld().again('etcd.members', 'm1', { kind: 'failed', why: 'timeout', detail: '' }).evidence.items.slice(-1),
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(items), (some) => {
      const inOrder = items.filter((item) => some.includes(item));
      expect(buildTopology({ items: some })).toEqual(buildTopology({ items: inOrder }));
    }),
    { numRuns: 150 },
  );
});

test('servers in a load balancer’s file are masters once they show a certificate of their own, whatever the API says', () => {
  const gone = () =>
    healthyWorld()
      .missing('lb.tries')
      .missing('kube.nodes')
      .missing('kube.control-plane-pods')
      .missing('kube.endpoints')
      .missing('etcd.members')
      .missing('etcd.client-port');
  const idsOf = (masters: readonly { readonly subject: { readonly id: string } }[]) => masters.map((one) => one.subject.id);
  expect(idsOf(gone().topology.masters)).toEqual(['10.89.0.11:6443', '10.89.0.12:6443', '10.89.0.13:6443']);
  expect(gone().topology.mastersComplete).toBe(false);
  expect(idsOf(gone().missing('api.ready', 'm2').missing('api.release', 'm2').topology.candidates)).toEqual(['10.89.0.12:6443']);
  const byChance = gone().set('lb.config', undefined, (old) => ({
    ...old,
    files: old.files.map((file) => ({ ...file, from: 'here' as const })),
  }));
  expect(byChance.topology.masters).toEqual([]);
});

test('a host of etcd that refuses is a master only where the file of the load balancer in front of the API has it', () => {
  const refusing = () => {
    const world = healthyWorld();
    for (const id of ['lb.tries', 'kube.nodes', 'kube.control-plane-pods', 'kube.endpoints', 'api.release'] as const) world.missing(id);
    for (const node of all) world.set('api.ready', node, { tries: failedTries(node, 'refused') });
    return world;
  };
  expect(idsOf(refusing().topology.masters)).toEqual(api);
  const elsewhere = (port: number) =>
    refusing().set('lb.config', undefined, (old) => ({
      ...old,
      files: old.files.map((file) => ({
        ...file,
        content:
          file.content.kind === 'haproxy'
            ? { ...file.content, paths: file.content.paths.map((path) => ({ ...path, binds: [{ host: '', port, tls: false }] })) }
            : file.content,
      })),
    }));
  expect(idsOf(elsewhere(8443).topology.masters)).toEqual(api);
  // Servers of another front, a table that shows names alone, members whose own list nobody read: none is a proof.
  expect(elsewhere(80).topology.masters).toEqual([]);
  expect(refusing().missing('lb.config').topology.masters).toEqual([]);
  expect(refusing().missing('etcd.members').topology.masters).toEqual([]);
});
