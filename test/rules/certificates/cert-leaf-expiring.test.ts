// Is it said in time that a certificate will end, and by how grave it will be?
import { expect, test } from 'vitest';
import rule from '../../../rules/certificates/cert-leaf-expiring.ts';
import { day, file, fileSet, iso, kubeconfigFile, serves, showsOn, withFiles } from '../../kit/certificates.ts';
import { fixesOf, unfilled } from '../../kit/texts.ts';
import { answered, asFail, healthyWorld, now, type World } from '../../kit/world.ts';

const ending = (days: number, lifetime = 365) => ({ notAfter: iso(now + days * day), notBefore: iso(now + (days - lifetime) * day) });

/** All but what lies in files alone. */
const shown = (world: World) => world.judge(rule).filter(({ subject }) => !subject.id.endsWith('logins'));

test('a healthy cluster passes', () => {
  expect(shown(healthyWorld()).length).toBeGreaterThan(8);
  for (const verdict of shown(healthyWorld())) expect(verdict.status).toBe('pass');
});

const loginFiles = ['apiserver-kubelet-client', 'apiserver-etcd-client', 'front-proxy-client', 'kubelet-client'].map((role) => file(role));
const loginConfigs = ['controller-manager', 'scheduler'].map((role) => kubeconfigFile(role));
const logins = { certificates: loginFiles, kubeconfigs: loginConfigs };
const unseen = (world: World) =>
  world
    .judge(rule)
    .flatMap((one) => (one.status === 'unknown' && one.subject.id.endsWith('logins') ? [{ ...one.gaps[0], id: one.subject.id }] : []));

test('what nobody but the machine itself sees is unknown while no file was read, once for all machines', () => {
  const [found, ...more] = unseen(healthyWorld());
  expect(more).toEqual([]);
  expect(found?.detail).toMatch(/m1, m2, m3 .*controller-manager\.conf, scheduler\.conf.*apiserver-etcd-client.*--pki-dir/);
  expect(found?.howToGet).toContain('--pki-dir');
  // One line of the screen says it for all rules about files.
  const elsewhere = withFiles({}).missing('here.files', undefined, { howToGet: 'run ha-doctor on a master, as root' });
  expect(unseen(elsewhere)[0]?.howToGet).toBe('run ha-doctor on a master, as root');
});

test('files of one machine make its own logins known, and those of the others stay unknown, each by name', () => {
  expect(unseen(withFiles(logins)).map(({ id }) => id)).toEqual(['m1/logins', 'm3/logins']);
  for (const { howToGet } of unseen(withFiles(logins))) expect(howToGet).toContain('--pki-dir');
  const all = withFiles(logins).set('here.pki', undefined, { sets: ['m1', 'm3'].map((node) => fileSet(node, logins)) });
  expect(unseen(all)).toEqual([]);
  expect(all.judge(rule).filter(({ status }) => status === 'fail')).toEqual([]);
});

test('a kubeconfig that was not let read, or names a file that nobody read, is not seen; one whose file was read is', () => {
  const closed = withFiles({ ...logins, kubeconfigs: loginConfigs.slice(1) }).set('here.files', undefined, (old) => ({
    ...old,
    unreadable: [{ path: '/etc/kubernetes/controller-manager.conf', why: 'permission denied' }],
  }));
  const told = unseen(closed).find(({ id }) => id === 'm2/logins')?.detail;
  expect(told).toBe('on m2 nobody saw controller-manager.conf (/etc/kubernetes/controller-manager.conf: permission denied)');
  const { client: _, ...rest } = kubeconfigFile('scheduler');
  const named = { ...rest, clientFile: '/var/lib/rancher/k3s/server/tls/client-scheduler.crt' };
  const without = withFiles({ ...logins, kubeconfigs: [kubeconfigFile('controller-manager'), named] });
  expect(unseen(without).find(({ id }) => id === 'm2/logins')?.detail).toBe('on m2 nobody saw scheduler.conf');
  const beside = file('scheduler', {}, { path: '/home/me/m2/client-scheduler.crt' });
  const found = withFiles({ certificates: [...loginFiles, beside], kubeconfigs: [kubeconfigFile('controller-manager'), named] });
  expect(unseen(found).map(({ id }) => id)).toEqual(['m1/logins', 'm3/logins']);
});

test('external etcd has a login whose name nobody knows; a provider’s control plane has none to see', () => {
  const external = healthyWorld().set('kube.kubeadm-config', undefined, (old) => ({ ...old, externalEtcd: ['https://10.89.0.21:2379'] }));
  expect(unseen(external)[0]?.detail).not.toContain('apiserver-etcd-client');
  expect(unseen(external)[0]?.detail).toContain('front-proxy-client');
});

test.each([
  [6, 'critical'],
  [29, 'warning'],
  [89, 'info'],
] as const)('%d days of a year left: %s', (days, severity) => {
  const world = serves('m2', ending(days));
  const verdict = asFail(world.verdict(rule, 'm2/apiserver'));
  expect(verdict).toMatchObject({ severity, reason: 'ending', group: 'apiserver', witness: 'stated', facts: { left: `${days} d` } });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict).flatMap((fix) => fix.run)).toContainEqual(
    expect.stringMatching(/&& kubeadm certs renew apiserver$/),
  );
});

test('one made for two days is not about to end with a day left; the steps shrink with its lifetime', () => {
  expect(asFail(serves('m2', ending(1, 2)).verdict(rule, 'm2/apiserver'))).toMatchObject({ reason: 'uneven', severity: 'info' });
  expect(asFail(serves('m2', ending(0.03, 2)).verdict(rule, 'm2/apiserver')).severity).toBe('critical');
});

test('an operator whose clock is 270 days ahead sees nothing end', () => {
  const world = healthyWorld().missing('etcd.clock');
  for (const node of ['m1', 'm2', 'm3']) world.set('api.ready', node, { tries: [answered(node, 200, 'ok', {}, now - 270 * day)] });
  for (const verdict of shown(world)) expect(verdict.status).toBe('pass');
});

test('a kubelet’s self-made certificate is a note at the most, its client certificate is not judged here', () => {
  const self = showsOn('node.kubelet-port', 'm2', { ...ending(3), issuer: 'CN=m2-ca@1' });
  expect(asFail(self.verdict(rule, 'm2/kubelet-serving')).severity).toBe('info');
  const client = withFiles({ certificates: [file('kubelet-client', ending(3))] });
  expect(client.verdict(rule, 'm2/kubelet-client').status).toBe('not-applicable');
});

test('the file of a role counts beside what is served, and what has ended is another rule’s', () => {
  const renewed = withFiles({ certificates: [file('apiserver-etcd-client', ending(3))] });
  expect(asFail(renewed.verdict(rule, 'm2/apiserver-etcd-client'))).toMatchObject({ severity: 'critical', facts: { kind: 'file' } });
  expect(serves('m2', ending(-3)).verdict(rule, 'm2/apiserver').status).toBe('not-applicable');
});

test('one master renewed, the others not: a note', () => {
  const world = serves('m2', { notAfter: iso(now + 360 * day) });
  const verdict = asFail(world.verdict(rule, 'm1/apiserver'));
  expect(verdict).toMatchObject({ severity: 'info', reason: 'uneven', facts: { others: expect.stringContaining('m2: until') } });
  expect(world.verdict(rule, 'm2/apiserver').status).toBe('pass');
});

test('what an API server reads only at its start is put to use by one, by its path on the machine', () => {
  const copy = file('apiserver-kubelet-client', ending(6), { path: '/home/me/m2/pki/apiserver-kubelet-client.crt' });
  const world = withFiles({ certificates: [copy] });
  const [renew] = fixesOf(rule, world, asFail(world.verdict(rule, 'm2/apiserver-kubelet-client')));
  expect(renew?.run.at(-1)).toContain('/etc/kubernetes/manifests/kube-apiserver.yaml');
  expect(renew?.verify).toContain('openssl x509 -in /etc/kubernetes/pki/apiserver-kubelet-client.crt -noout -enddate');
  expect(renew?.needs.map(({ met }) => met)).toContain('yes');
});

test('what nobody saw is unknown', () => {
  expect(healthyWorld().missing('etcd.client-port', 'm2').verdict(rule, 'm2/etcd-server').status).toBe('unknown');
  expect(healthyWorld().missing('api.ready', 'm2').missing('lb.tries').verdict(rule, 'm2/apiserver').status).toBe('unknown');
});
