// Are weak keys and signatures told from strong ones, RSA and elliptic curves alike?
import { expect, test } from 'vitest';
import rule from '../../../rules/certificates/cert-weak.ts';
import type { CertificateSeen } from '../../../src/model/network.ts';
import { day, iso, made, serves, showsOn } from '../../kit/certificates.ts';
import { fixesOf, unfilled } from '../../kit/texts.ts';
import { answered, asFail, certificate, healthyWorld, now } from '../../kit/world.ts';

test.each<[string, Partial<CertificateSeen>]>([
  ['RSA of 2048 bits', {}],
  ['P-256', { key: { type: 'EC', bits: 256 }, signature: 'ecdsa-with-SHA256' }],
  ['Ed25519', { key: { type: 'ED25519' }, signature: 'ED25519' }],
])('%s passes', (_name, change) => {
  expect(serves('m2', { ...made, ...change }).verdict(rule, 'm2/apiserver').status).toBe('pass');
});

test.each<[string, Partial<CertificateSeen>, string]>([
  ['1024 bits', { key: { type: 'RSA', bits: 1024 } }, 'key'],
  ['a curve of 192 bits', { key: { type: 'EC', bits: 192 } }, 'key'],
  ['SHA-1', { signature: 'sha1WithRSAEncryption' }, 'signature'],
  ['MD5', { signature: 'md5WithRSAEncryption' }, 'signature'],
  ['no names', { names: [], addresses: [] }, 'nameless'],
])('%s: a warning', (_name, change, reason) => {
  const world = serves('m2', { ...made, ...change });
  const verdict = asFail(world.verdict(rule, 'm2/apiserver'));
  expect(verdict).toMatchObject({ severity: 'warning', reason, witness: 'stated' });
  expect(unfilled(rule, verdict)).toEqual([]);
  const commands = fixesOf(rule, world, verdict).flatMap(({ run }) => run);
  expect(commands.join('\n')).toContain(reason === 'nameless' ? 'init phase certs apiserver' : 'kubeadm certs renew apiserver');
});

test('a long life is a note, and a signature of itself does not count', () => {
  const long = { ...made, notBefore: iso(now - day), notAfter: iso(now + 3000 * day) };
  expect(asFail(serves('m2', long).verdict(rule, 'm2/apiserver'))).toMatchObject({ severity: 'info', reason: 'long' });
  const self = { ...made, signature: 'sha1WithRSAEncryption', issuer: 'CN=m2', subject: 'CN=m2' };
  expect(showsOn('node.kubelet-port', 'm2', self).verdict(rule, 'm2/kubelet-serving').status).toBe('pass');
});

test('evidence that does not tell is unknown', () => {
  const { key: _key, ...bare } = certificate('m2');
  const old = healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 200, 'ok', { chain: [bare] })] });
  expect(old.verdict(rule, 'm2/apiserver').status).toBe('unknown');
  expect(healthyWorld().missing('etcd.client-port').verdict(rule, 'm2/etcd-server').status).toBe('unknown');
});
