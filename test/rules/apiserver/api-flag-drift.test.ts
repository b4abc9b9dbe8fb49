import { expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-flag-drift.ts';
import { parseFlags } from '../../../src/model/flags.ts';
import { fixesOf, gateOf, shown, unfilled } from '../../kit/texts.ts';
import { asFail, failedTries, healthyWorld, now, type World } from '../../kit/world.ts';

function commands(
  change: (node: string, command: readonly string[]) => readonly string[],
  component = 'kube-apiserver',
  world = healthyWorld(),
): World {
  return world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) =>
      pod.component === component
        ? { ...pod, containers: pod.containers.map((one) => ({ ...one, command: change(pod.node, one.command) })) }
        : pod,
    ),
  }));
}

const onM2 = (...more: readonly string[]) => commands((node, command) => (node === 'm2' ? [...command, ...more] : command));

function silent(world: World, node: string): World {
  return world.set('kube.node-leases', undefined, (old) => ({
    ...old,
    leases: old.leases.map((lease) => (lease.name === node ? { ...lease, renewedAt: now - 300_000 } : lease)),
  }));
}

test('masters made alike pass, their own addresses apart', () => {
  const verdicts = healthyWorld().judge(rule);
  expect(verdicts.map((one) => [one.subject.name, one.status])).toEqual([
    ['kube-apiserver', 'pass'],
    ['kube-controller-manager', 'pass'],
    ['kube-scheduler', 'pass'],
  ]);
});

test('order, the two ways to write a flag, and paths of one file name are no difference', () => {
  expect(parseFlags(['kube-apiserver', '--a', 'b', '--c', '--d=e=f'])).toEqual(
    new Map([
      ['a', 'b'],
      ['c', 'true'],
      ['d', 'e=f'],
    ]),
  );
  const world = commands((node, command) => {
    const file = node === 'm2' ? '/srv/pki/ca.crt' : '/etc/kubernetes/pki/ca.crt';
    return node === 'm3'
      ? ['kube-apiserver', '--client-ca-file', file, ...command.slice(1).reverse()]
      : [...command, `--client-ca-file=${file}`];
  });
  expect(world.verdict(rule, 'kube-apiserver').status).toBe('pass');
});

test('a value that names all machines is alike where it is written alike, or lists them in another order', () => {
  const urls = ['m1', 'm2', 'm10'].map((name) => `https://${name}.example:2379`);
  const everywhere = commands((_node, command) => [...command, `--etcd-servers=${urls.join(',')}`]);
  expect(everywhere.verdict(rule, 'kube-apiserver').status).toBe('pass');
  const rotated = commands((node, command) => [...command, `--etcd-servers=${(node === 'm2' ? [...urls].reverse() : urls).join(',')}`]);
  expect(rotated.verdict(rule, 'kube-apiserver').status).toBe('pass');
  const own = commands((node, command) => [...command, `--etcd-servers=https://10.89.0.1${node.slice(1)}:2379`]);
  expect(own.verdict(rule, 'kube-apiserver').status).toBe('pass');
  const another = commands((node, command) => [
    ...command,
    `--etcd-servers=${node === 'm2' ? 'https://10.89.0.112:2379' : urls.join(',')}`,
  ]);
  expect(another.verdict(rule, 'kube-apiserver').status).toBe('fail');
});

test('of a flag that stands several times each value counts', () => {
  const keys = (...files: readonly string[]) => files.map((file) => `--service-account-key-file=/etc/kubernetes/pki/${file}`);
  const bare = (command: readonly string[]) => command.filter((word) => !word.startsWith('--service-account-key-file'));
  const world = commands((node, command) => [...bare(command), ...(node === 'm2' ? keys('sa.pub') : keys('old.pub', 'sa.pub'))]);
  expect(asFail(world.verdict(rule, 'kube-apiserver'))).toMatchObject({ reason: 'grave', facts: { odd: 'm2' } });
});

test('a flag about identity is critical, shown with every master, and mended on the odd one', () => {
  const world = onM2('--service-account-issuer=https://other');
  const verdict = asFail(world.verdict(rule, 'kube-apiserver'));
  expect(verdict).toMatchObject({ severity: 'critical', reason: 'grave', facts: { odd: 'm2' }, subject: { keys: { node: 'm2' } } });
  expect(shown(rule, verdict)).toEqual([
    '--service-account-issuer  m1  not set',
    '--service-account-issuer  m3  not set',
    '--service-account-issuer  m2  https://other',
  ]);
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict).map((fix) => fix.where)).toEqual(['here', 'm2']);
});

test('another flag is a warning; three different values leave no odd one', () => {
  expect(asFail(onM2('--v=4').verdict(rule, 'kube-apiserver'))).toMatchObject({ severity: 'warning', impact: 'at-risk', reason: 'other' });
  const world = commands((node, command) => [...command, `--max-requests-inflight=${node.slice(1)}00`]);
  const verdict = asFail(world.verdict(rule, 'kube-apiserver'));
  expect(verdict.facts['odd']).toBeUndefined();
  expect(verdict.subject.keys).toEqual({});
  expect(fixesOf(rule, world, verdict)).toHaveLength(1);
});

test('during an upgrade it is a note', () => {
  const world = onM2('--v=4').set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) =>
      pod.node === 'm2' ? { ...pod, containers: pod.containers.map((one) => ({ ...one, image: 'x/y:v1.35.0' })) } : pod,
    ),
  }));
  expect(asFail(world.verdict(rule, 'kube-apiserver')).severity).toBe('info');
});

test('what a silent kubelet reported once neither accuses nor clears', () => {
  expect(silent(healthyWorld(), 'm2').verdict(rule, 'kube-apiserver').status).toBe('unknown');
  expect(silent(onM2('--v=4'), 'm2').verdict(rule, 'kube-apiserver').status).toBe('unknown');
  expect(silent(onM2('--v=4'), 'm3').verdict(rule, 'kube-apiserver').status).toBe('fail');
  expect(healthyWorld().missing('kube.control-plane-pods').judge(rule)).toMatchObject([{ status: 'unknown' }]);
  expect(healthyWorld().missing('kube.node-leases').verdict(rule, 'kube-apiserver').status).toBe('unknown');
});

test('on the machine itself its manifest counts, whatever the API still shows', () => {
  const command = [
    'kube-apiserver',
    '--advertise-address=10.89.0.12',
    '--etcd-servers=https://127.0.0.1:2379',
    '--secure-port=6443',
    '--x=y',
  ];
  const manifest = { path: '/etc/kubernetes/manifests/kube-apiserver.yaml', component: 'kube-apiserver', command };
  const world = silent(healthyWorld(), 'm2').set('here.files', undefined, {
    node: 'm2',
    certificates: [],
    manifests: [manifest],
    unreadable: [],
  });
  expect(asFail(world.verdict(rule, 'kube-apiserver')).facts['flags']).toBe('--x');
});

test('one instance has nobody to differ from', () => {
  const one = healthyWorld().set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.filter((pod) => pod.node === 'm1'),
  }));
  expect(one.verdict(rule, 'kube-apiserver').status).toBe('not-applicable');
});

test('it explains a restart loop whose log names the flag', () => {
  const world = onM2('--no-such=flag');
  const cause = asFail(world.verdict(rule, 'kube-apiserver'));
  const loop = (log: string) => ({ ...cause, rule: 'api-restart-loop' as const, facts: { log } });
  expect(gateOf(rule, world, cause, loop('Error: unknown flag: --no-such'))).toEqual(['yes']);
  expect(gateOf(rule, world, cause, loop('Error: bind: address already in use'))).toEqual(['unknown']);
});

test('the need for another API server is looked up', () => {
  const world = onM2('--v=4');
  for (const node of ['m1', 'm3']) world.set('api.ready', node, { tries: failedTries(node, 'refused') });
  expect(fixesOf(rule, world, asFail(world.verdict(rule, 'kube-apiserver')))[1]?.needs[0]?.met).toBe('no');
});
