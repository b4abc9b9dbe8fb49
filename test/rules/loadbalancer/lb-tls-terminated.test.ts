import { expect, test } from 'vitest';
import rule from '../../../rules/loadbalancer/lb-tls-terminated.ts';
import type { CertificateSeen, Trust } from '../../../src/model/network.ts';
import { gateOf, shown, unfilled } from '../../kit/texts.ts';
import { answered, asFail, certificate, healthyWorld, type World } from '../../kit/world.ts';
import { withoutBalancer } from './balancer.ts';

const untrusted: Trust = { kind: 'untrusted', why: 'unknown-authority', detail: '' };
const own: CertificateSeen = certificate('m9', {
  sha256: 'e'.repeat(64),
  subject: 'CN=api.example.org',
  issuer: 'CN=R11,O=Example',
  names: ['api.example.org'],
  addresses: [],
});

function through(leaf: CertificateSeen, trust: Trust = untrusted, server?: string): World {
  const one = answered('m1', 401, '', { chain: [leaf], trust });
  if (server !== undefined && one.outcome.kind === 'answered') Object.assign(one.outcome, { server });
  return healthyWorld()
    .set('lb.tries', undefined, { tries: [one, one] })
    .set('lb.credential', undefined, { last: one });
}

test('a client certificate that is accepted behind it shows that TLS does not end there', () => {
  const world = through(own).set('lb.credential', undefined, { last: answered('m1', 200, '{}', { chain: [own] }) });
  expect(world.verdict(rule, 'LB').status).toBe('pass');
});

test('leaves of the masters pass, different ones per master too', () => {
  expect(healthyWorld().verdict(rule, 'LB').status).toBe('pass');
});

test('a leaf of another authority is where TLS ends; worse where people log in with certificates', () => {
  const world = through(own, untrusted, 'nginx');
  const verdict = asFail(world.verdict(rule, 'LB'));
  expect(verdict).toMatchObject({ severity: 'critical', witness: 'agreed' });
  expect(shown(rule, verdict).join()).toContain('it calls itself nginx');
  expect(unfilled(rule, verdict)).toEqual([]);
  const token = through(own, untrusted, 'nginx').set('operator.kubeconfig', undefined, (old) => ({
    ...old,
    credential: { kind: 'token' },
  }));
  expect(asFail(token.verdict(rule, 'LB')).severity).toBe('warning');
  const effect = { ...verdict, rule: 'api-credential-rejected' as const };
  expect([...gateOf(rule, world, verdict, effect), ...gateOf(rule, token, verdict, effect)]).toEqual(['yes', 'no']);
});

test('the issuer’s name alone is no proof: an unknown key under the same name ends TLS as well', () => {
  expect(through({ ...own, issuer: 'CN=kubernetes' }).verdict(rule, 'LB').status).toBe('fail');
  expect(through({ ...own, issuer: 'CN=kubernetes' }, { kind: 'trusted' }).verdict(rule, 'LB').status).toBe('pass');
});

test('an API server’s certificate that has changed, or another cluster’s, is none of this rule’s', () => {
  expect(through(certificate('m1', { sha256: 'd'.repeat(64) })).verdict(rule, 'LB').status).toBe('pass');
  expect(through({ ...own, names: ['kubernetes.default'] }).verdict(rule, 'LB').status).toBe('pass');
});

test('a certificate for that name only, by --tls-sni-cert-key, leaves it open', () => {
  const world = through(own).set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) => ({
      ...pod,
      containers: pod.containers.map((one) => ({ ...one, command: [...one.command, '--tls-sni-cert-key=a,b'] })),
    })),
  }));
  expect(world.verdict(rule, 'LB').status).toBe('unknown');
});

test('masters that cannot be asked, or no certificate at all: unknown', () => {
  expect(through(own).missing('api.ready').verdict(rule, 'LB').status).toBe('unknown');
  expect(healthyWorld().missing('lb.tries').verdict(rule, 'LB').status).toBe('unknown');
  expect(
    through({ ...own, issuer: 'CN=kubernetes' }, { kind: 'trusted' })
      .missing('api.ready', 'm2')
      .verdict(rule, 'LB').status,
  ).toBe('unknown');
  expect(
    withoutBalancer(healthyWorld())
      .judge(rule)
      .map((one) => one.status),
  ).toEqual(['not-applicable']);
});
