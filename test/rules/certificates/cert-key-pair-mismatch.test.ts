// Are keys that do not belong to their certificates found, without ever seeing one?
import { expect, test } from 'vitest';
import rule from '../../../rules/certificates/cert-key-pair-mismatch.ts';
import { authorityFile, file, fileSet, keyFile, kubeconfigFile, made, withFiles } from '../../kit/certificates.ts';
import { fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld } from '../../kit/world.ts';

const other = 'cd'.repeat(32);

test('pairs that belong together pass: certificates, authorities, service accounts, kubeconfigs', () => {
  const world = withFiles({
    certificates: [file('apiserver'), authorityFile('ca', 'a', made)],
    keys: [keyFile('apiserver'), keyFile('ca'), keyFile('sa'), keyFile('sa', { path: '/etc/kubernetes/pki/sa.pub', isPublic: true })],
    kubeconfigs: [kubeconfigFile('admin')],
  });
  const own = world.judge(rule).filter((verdict) => verdict.subject.keys.node === 'm2');
  expect(own.map(({ subject, status }) => `${subject.id} ${status}`)).toEqual([
    'm2/admin.conf pass',
    'm2/apiserver pass',
    'm2/ca pass',
    'm2/sa pass',
  ]);
});

test('half of a renewal: critical, with both digests, and an API server that will not start again', () => {
  const world = withFiles({ certificates: [file('apiserver')], keys: [keyFile('apiserver', { publicKey: other })] });
  const verdict = asFail(world.verdict(rule, 'm2/apiserver'));
  expect(verdict).toMatchObject({
    severity: 'critical',
    reason: 'differs',
    facts: { wanted: 'abababababababab…', found: 'cdcdcdcdcdcdcdcd…' },
  });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict)[0]?.run).toContainEqual(
    expect.stringMatching(/^kubeadm init phase certs apiserver --config \/etc\/kubernetes\.new-\d+\/kubeadm\.yaml$/),
  );
  expect(gateOf(rule, world, verdict, { ...verdict, rule: 'api-restart-loop' })).toEqual(['yes']);
  expect(gateOf(rule, world, verdict, { ...verdict, rule: 'etcd-restart-loop' })).toEqual(['no']);
});

test('a key that is missing among others fails; an authority’s may be elsewhere', () => {
  const world = withFiles({ certificates: [file('apiserver'), authorityFile('ca', 'a', made)], keys: [keyFile('etcd-server')] });
  expect(asFail(world.verdict(rule, 'm2/apiserver')).reason).toBe('missing');
  const copy = { ...fileSet('m1', { certificates: [file('apiserver')], keys: [keyFile('etcd-server')] }) };
  expect(
    healthyWorld()
      .set('here.pki', undefined, { sets: [copy] })
      .verdict(rule, 'm1/apiserver').status,
  ).toBe('unknown');
  expect(world.judge(rule).map(({ subject }) => subject.id)).not.toContain('m2/ca');
});

test('one that others may read is a note', () => {
  const world = withFiles({ certificates: [file('apiserver')], keys: [keyFile('apiserver', { open: true })] });
  const verdict = asFail(world.verdict(rule, 'm2/apiserver'));
  expect(verdict).toMatchObject({ severity: 'info', reason: 'open' });
  expect(fixesOf(rule, world, verdict)[0]?.run).toEqual(['chmod 600 /etc/kubernetes/pki/apiserver.key']);
});

test('a copy without keys, a key behind a passphrase and machines nobody read are unknown', () => {
  expect(withFiles({ certificates: [file('apiserver')] }).verdict(rule, 'm2/keys').status).toBe('unknown');
  const { publicKey: _, ...locked } = keyFile('apiserver');
  const world = withFiles({ certificates: [file('apiserver')], keys: [locked] });
  expect(world.verdict(rule, 'm2/apiserver').status).toBe('unknown');
  expect(world.verdict(rule, 'm1/files').status).toBe('unknown');
  expect(healthyWorld().judge(rule)).toMatchObject([{ status: 'unknown', subject: { kind: 'cluster' } }]);
});
