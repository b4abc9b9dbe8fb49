import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-quorum-lost.ts';
import { answered, etcdStatus, failedTries, type World } from '../../kit/world.ts';
import {
  addGhost,
  asFail,
  changeStatus,
  expectTextsFilled,
  failure,
  fixesOf,
  healthyWorld,
  knocksOnly,
  loseLeader,
  names,
  silence,
  withoutCertificate,
} from './kit.ts';

const apiMissesEtcd = (world = healthyWorld()) => {
  world.set('api.ready', 'm1', { tries: [answered('m1', 500, '[-]etcd failed: reason withheld\n')] });
  for (const node of ['m2', 'm3']) world.set('api.ready', node, { tries: failedTries(node, 'hung') });
  return world;
};
const twoDown = () => silence(silence(loseLeader(apiMissesEtcd(), 'm1'), 'm2'), 'm3');
const allSilent = (world = healthyWorld()) => names.reduce((one, node) => silence(one, node), world);

test('three voters with a leader pass, and so do two of three', () => {
  expect(healthyWorld().verdict(rule, 'cluster').status).toBe('pass');
  expect(silence(healthyWorld(), 'm2').verdict(rule, 'cluster').status).toBe('pass');
});

test('two voters refused and the third without a leader: lost, and it says so itself', () => {
  const verdict = asFail(twoDown().verdict(rule, 'cluster'));
  expect(verdict.witness).toBe('stated');
  expect(verdict.facts).toMatchObject({ alive: 1, voters: 3, quorum: 2, down: 'm2, m3' });
  expect(verdict.supports?.map(({ name, state }) => `${name} ${state}`)).toEqual(['m1 good', 'm2 lost', 'm3 lost']);
  expectTextsFilled(rule, verdict);
});

test('derived: no voter answers and the API servers miss their etcd, one of them out of reach', () => {
  expect(asFail(allSilent(apiMissesEtcd()).verdict(rule, 'cluster')).witness).toBe('agreed');
  const world = allSilent(apiMissesEtcd()).set('api.ready', 'm3', { tries: failedTries('m3', 'timeout') });
  expect(world.verdict(rule, 'cluster').status).toBe('fail');
});

test('no voter answers us but an API server is ready: our path, not theirs', () => {
  expect(allSilent().verdict(rule, 'cluster').status).toBe('unknown');
});

test('no voter answers in time while the API serves a consistent list: slow, not lost; a refusal is no slowness', () => {
  const all = (why: 'hung' | 'refused') => names.reduce((world, node) => silence(world, node, why), apiMissesEtcd());
  expect(all('hung').verdict(rule, 'cluster').status).toBe('unknown');
  expect(all('hung').missing('kube.nodes').verdict(rule, 'cluster').status).toBe('fail');
  expect(all('refused').verdict(rule, 'cluster').status).toBe('fail');
});

test('a leaderless member beside silent ones is no lost quorum while an API server reads from etcd', () => {
  expect(silence(silence(loseLeader(healthyWorld(), 'm1'), 'm2', 'timeout'), 'm3', 'timeout').verdict(rule, 'cluster').status).toBe(
    'unknown',
  );
});

test('a voter that never started counts against the quorum', () => {
  const world = silence(loseLeader(loseLeader(addGhost(apiMissesEtcd()), 'm1'), 'm2'), 'm3');
  expect(asFail(world.verdict(rule, 'cluster')).facts).toMatchObject({ alive: 2, voters: 4, quorum: 3 });
});

test('one that is only told of by counters may be a learner: unknown', () => {
  const world = withoutCertificate(silence(loseLeader(loseLeader(addGhost(apiMissesEtcd()), 'm1'), 'm2'), 'm3'));
  expect(world.verdict(rule, 'cluster').status).toBe('unknown');
});

test('a member that turns our certificate down is alive', () => {
  const world = apiMissesEtcd(names.reduce((one, node) => silence(one, node), healthyWorld()));
  for (const node of names)
    world.set('etcd.status', node, failure('tls', 'alert 45', 45)).set('etcd.client-port', node, { outcome: { kind: 'open' }, chain: [] });
  expect(world.verdict(rule, 'cluster').status).toBe('pass');
});

test('a hung client port beside an answering peer port is a process that waits for its quorum', () => {
  const world = knocksOnly(apiMissesEtcd());
  for (const node of names) world.set('etcd.client-port', node, { outcome: failure(node === 'm1' ? 'hung' : 'refused'), chain: [] });
  expect(asFail(world.verdict(rule, 'cluster')).facts).toMatchObject({ alive: 1, down: 'm2, m3' });
});

test('voters nobody could ask make it unknown, never lost', () => {
  const world = healthyWorld();
  for (const id of ['etcd.status', 'etcd.metrics', 'etcd.health', 'etcd.client-port'] as const) world.missing(id);
  expect(world.verdict(rule, 'cluster').status).toBe('unknown');
  const healthy = healthyWorld().evidence.items.find((item) => item.id === 'etcd.status' && item.state === 'known');
  if (healthy?.state !== 'known' || healthy.id !== 'etcd.status') throw new Error('the healthy world has a status');
  expect(world.set('etcd.status', 'm1', etcdStatus({})(healthy.value)).verdict(rule, 'cluster').status).toBe('pass');
});

test('the plan saves the survivor first and restores last, with every name and URL of the member list', () => {
  const world = twoDown();
  const fixes = fixesOf(world, rule, asFail(world.verdict(rule, 'cluster')));
  expect(fixes[0]?.run[0]).toBe('etcdctl --endpoints https://10.89.0.11:2379 snapshot save m1-survivor.db');
  const restores = fixes.filter((fix) => fix.run[0]?.includes('snapshot restore'));
  expect(restores.map((fix) => fix.where)).toEqual(['m1', 'm2', 'm3']);
  expect(restores[1]?.run[0]).toBe(
    'etcdutl snapshot restore m1-survivor.db --name m2' +
      ' --initial-cluster m1=https://10.89.0.11:2380,m2=https://10.89.0.12:2380,m3=https://10.89.0.13:2380' +
      ' --initial-cluster-token restored-1795230764 --initial-advertise-peer-urls https://10.89.0.12:2380' +
      ' --data-dir /var/lib/etcd --bump-revision 1000000000 --mark-compacted',
  );
  expect(fixes.findIndex((fix) => fix.risk === 'high')).toBeGreaterThan(
    fixes.findIndex((fix) => fix.run.includes('systemctl restart kubelet')),
  );
});

test('snapshot files are restored by etcdctl before 3.5, and old versions bump no revision', () => {
  const commands = (version: string) => {
    const world = changeStatus(twoDown(), 'm1', (old) => ({ ...old, version }));
    for (const node of names) world.set('etcd.metrics', node, (old) => (old.kind === 'answered' ? { ...old, version } : old));
    return fixesOf(world, rule, asFail(world.verdict(rule, 'cluster'))).flatMap((fix) =>
      fix.run.filter((line) => line.includes('snapshot restore')),
    );
  };
  expect(commands('3.4.23')[0]).toMatch(/^etcdctl snapshot restore .*--data-dir \/var\/lib\/etcd$/);
  expect(commands('3.4.34')[0]).toContain('etcdctl snapshot restore');
  expect(commands('3.4.34')[0]).toContain('--bump-revision');
  expect(commands('3.5.0')[0]).toMatch(/^etcdutl snapshot restore .*--data-dir \/var\/lib\/etcd$/);
});

test('without a member list no restore command is made up', () => {
  const world = knocksOnly(twoDown()).missing('kube.nodes');
  for (const node of names) world.set('etcd.client-port', node, { outcome: failure(node === 'm1' ? 'hung' : 'refused'), chain: [] });
  world.set('etcd.peer-port', 'm1', { outcome: { kind: 'open' }, chain: [] });
  const fixes = fixesOf(world, rule, asFail(world.verdict(rule, 'cluster')));
  expect(fixes.flatMap((fix) => fix.run).some((line) => line.includes('restore'))).toBe(false);
  expect(fixes[0]?.run).toContain('cp -aT /var/lib/etcd /root/etcd-survivor');
});

const commandsFor = (world: World): string => {
  const verdict = asFail(world.verdict(rule, 'cluster'));
  return fixesOf(world, rule, verdict)
    .flatMap((fix) => [fix.where, ...fix.run, ...(fix.undo ?? [])])
    .join('\n');
};
const asDistribution = (kubeletVersion: string, osImage = 'Debian'): World =>
  twoDown()
    .drop('kube.kubeadm-config')
    .set('api.version', undefined, { gitVersion: kubeletVersion })
    .set('kube.control-plane-pods', undefined, { pods: [] })
    .set('kube.nodes', undefined, (old) => ({ ...old, nodes: old.nodes.map((node) => ({ ...node, kubeletVersion, osImage })) }));

test('commands go by how etcd runs: a service of its own, inside k3s, or made by somebody else', () => {
  expect(commandsFor(twoDown())).toContain('mv /etc/kubernetes/manifests/{kube-apiserver,etcd}.yaml');
  const external = twoDown().set('kube.kubeadm-config', undefined, (old) => ({ ...old, externalEtcd: ['https://10.89.0.11:2379'] }));
  expect(commandsFor(external)).toContain('systemctl stop etcd');
  expect(commandsFor(external)).not.toMatch(/manifests|crictl/);
  const k3s = commandsFor(asDistribution('v1.34.1+k3s1'));
  expect(k3s).toContain('k3s server --cluster-reset');
  expect(k3s).not.toMatch(/manifests|snapshot restore/);
  expect(commandsFor(asDistribution('v1.34.1', 'Talos (v1.11.2)'))).toBe('here');
});

test('data that lie elsewhere are moved and restored there', () => {
  const moved = twoDown().set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) => ({
      ...pod,
      containers: pod.containers.map((one) =>
        pod.component === 'etcd'
          ? { ...one, command: [...one.command.filter((word) => !word.startsWith('--data-dir')), '--data-dir=/data/etcd'] }
          : one,
      ),
    })),
  }));
  expect(commandsFor(moved)).toContain('--data-dir /data/etcd');
  expect(commandsFor(moved)).not.toContain('/var/lib/etcd');
});
