// Is a certificate found that lacks a name every cluster needs?
import { expect, test } from 'vitest';
import required from '../../../rules/certificates/cert-san-missing-required.ts';
import { serves } from '../../kit/certificates.ts';
import { unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld } from '../../kit/world.ts';

test('a healthy cluster passes', () => {
  for (const verdict of healthyWorld().judge(required)) expect(verdict.status).toBe('pass');
});

test.each([
  [{ names: ['kubernetes', 'm2'] }, 'kubernetes.default, kubernetes.default.svc, kubernetes.default.svc.cluster.local'],
  [{ addresses: ['10.89.0.12', '10.89.0.10'] }, '10.96.0.1'],
  [{ addresses: ['10.96.0.1', '10.89.0.10'] }, '10.89.0.12'],
])('what lacks names of the cluster: %o', (change, missing) => {
  const world = serves('m2', change);
  const verdict = asFail(world.verdict(required, 'm2/apiserver'));
  expect(verdict).toMatchObject({ severity: 'warning', facts: { missing } });
  expect(unfilled(required, verdict)).toEqual([]);
});

test('where no range of Services is known it is unknown, unless something is missing anyway', () => {
  expect(healthyWorld().missing('kube.kubeadm-config').verdict(required, 'm2/apiserver').status).toBe('unknown');
  expect(serves('m2', { names: [] }).missing('kube.kubeadm-config').verdict(required, 'm2/apiserver').status).toBe('fail');
});
