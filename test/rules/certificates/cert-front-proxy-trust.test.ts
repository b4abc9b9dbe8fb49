// Is the front proxy’s certificate held against the authority that the cluster publishes?
import { expect, test } from 'vitest';
import proxy from '../../../rules/certificates/cert-front-proxy-trust.ts';
import { authorityFile, file, withFiles } from '../../kit/certificates.ts';
import { authorityOf } from '../../kit/healthy.ts';
import { fixesOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld, type World } from '../../kit/world.ts';

const published = authorityOf('front-proxy-ca');
const client = (signedBy: readonly string[], subject = 'CN=front-proxy-client'): World =>
  withFiles({ certificates: [authorityFile('front-proxy-ca', 'x'), file('front-proxy-client', { subject }, { signedBy })] });

test('signed by the published authority, under a name it may bear: passes', () => {
  expect(client([published.sha256]).verdict(proxy, 'front proxy').status).toBe('pass');
});

test('another authority, or another name: a warning, critical while an aggregated API fails', () => {
  const world = client(['f'.repeat(64)]);
  const verdict = asFail(world.verdict(proxy, 'front proxy'));
  expect(verdict).toMatchObject({ severity: 'warning', reason: 'authority', facts: { node: 'm2' } });
  expect(unfilled(proxy, verdict)).toEqual([]);
  expect(fixesOf(proxy, world, verdict)[0]?.run).toContainEqual(
    expect.stringMatching(/^kubeadm init phase certs front-proxy-client --config \/etc\/kubernetes\.new-\d+\/kubeadm\.yaml$/),
  );
  expect(asFail(client([published.sha256], 'CN=other').verdict(proxy, 'front proxy'))).toMatchObject({ reason: 'name' });
  world.set('kube.api-services', undefined, (old) => ({
    ...old,
    services: [
      { name: 'v1beta1.metrics.k8s.io', service: { namespace: 'a', name: 'b', port: 443 }, available: 'False', reason: '', message: '' },
    ],
  }));
  expect(asFail(world.verdict(proxy, 'front proxy')).severity).toBe('critical');
});

test('without files, or without the published authority, it is unknown', () => {
  expect(healthyWorld().verdict(proxy, 'front proxy').status).toBe('unknown');
  expect(client([published.sha256]).missing('kube.trust').verdict(proxy, 'front proxy').status).toBe('unknown');
});
