// Is a certificate found that was not made for the load balancer?
import { expect, test } from 'vitest';
import balancer from '../../../rules/certificates/cert-san-missing-lb.ts';
import { serves } from '../../kit/certificates.ts';
import { fixesOf, shown, unfilled } from '../../kit/texts.ts';
import { asFail, certificate, healthyWorld } from '../../kit/world.ts';

const without = { addresses: ['10.96.0.1', '10.89.0.12'] };

test('a healthy cluster passes', () => {
  for (const verdict of healthyWorld().judge(balancer)) expect(verdict.status).toBe('pass');
});

test('the master whose certificate lacks the LB’s address, and its plan: configuration, then that master', () => {
  const world = serves('m2', without);
  const verdict = asFail(world.verdict(balancer, 'm2/apiserver'));
  expect(verdict).toMatchObject({ severity: 'critical', facts: { missing: '10.89.0.10' } });
  expect(unfilled(balancer, verdict)).toEqual([]);
  expect(fixesOf(balancer, world, verdict).map((fix) => fix.where)).toEqual(['here', 'm2', 'here']);
  expect(world.verdict(balancer, 'm1/apiserver').status).toBe('pass');
});

test('tls-server-name is what counts instead of the host', () => {
  const named = (name: string) => serves('m2', without).set('operator.kubeconfig', undefined, (old) => ({ ...old, tlsServerName: name }));
  const alone = (name: string) => named(name).missing('kube.kubeadm-config');
  expect(alone('kubernetes').verdict(balancer, 'm2/apiserver').status).toBe('pass');
  expect(asFail(alone('api.example.org').verdict(balancer, 'm2/apiserver')).facts['missing']).toBe('api.example.org');
});

test('nothing is asked where TLS ends in front of the masters, and without a kubeconfig it is unknown', () => {
  const chain = [certificate('m9', { sha256: 'e'.repeat(64), addresses: [], names: ['lb'] })];
  const ended = serves('m2', without)
    .set('lb.tries', undefined, ({ tries }) => ({ tries: tries.map((one) => ({ ...one, chain })) }))
    .missing('kube.kubeadm-config');
  expect(ended.verdict(balancer, 'm2/apiserver').status).toBe('not-applicable');
  expect(healthyWorld().missing('operator.kubeconfig').verdict(balancer, 'm2/apiserver').status).toBe('unknown');
  expect(healthyWorld().missing('api.ready', 'm2').missing('lb.tries').verdict(balancer, 'm2/apiserver').status).toBe('unknown');
});

test('where the operator verifies nothing, an address that he alone uses is a note; the cluster’s own endpoint is not', () => {
  const unverified = serves('m2', without).set('operator.kubeconfig', undefined, (old) => ({ ...old, authority: 'not-checked' }));
  expect(asFail(unverified.verdict(balancer, 'm2/apiserver')).severity).toBe('critical');
  const other = unverified.set('kube.kubeadm-config', undefined, (old) => ({ ...old, controlPlaneEndpoint: 'kubernetes:6443' }));
  for (const world of [other, other.missing('kube.kubeadm-config')]) {
    const verdict = asFail(world.verdict(balancer, 'm2/apiserver'));
    expect(verdict).toMatchObject({ severity: 'info', impact: 'at-risk', facts: { missing: '10.89.0.10' } });
    expect(shown(balancer, verdict).at(-1)).toContain('verifies no certificate');
    expect(unfilled(balancer, verdict)).toEqual([]);
  }
  const verified = serves('m2', without).missing('kube.kubeadm-config');
  expect(asFail(verified.verdict(balancer, 'm2/apiserver')).severity).toBe('critical');
});
