import { expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-aggregated-unavailable.ts';
import type { ApiServiceSeen } from '../../../src/model/admission.ts';
import { fixesOf, shown, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld, now, type World } from '../../kit/world.ts';

const metrics: ApiServiceSeen = {
  name: 'v1beta1.metrics.k8s.io',
  service: { namespace: 'kube-system', name: 'metrics-server', port: 443 },
  available: 'False',
  reason: 'MissingEndpoints',
  message: 'endpoints for service/metrics-server in "kube-system" have no addresses',
  since: now - 3_600_000,
};
const own: ApiServiceSeen = { name: 'v1.apps', available: 'True', reason: 'Local', message: '' };

function registered(change: Partial<ApiServiceSeen>, ready: number | 'unknown' = 0): World {
  return healthyWorld()
    .set('kube.api-services', undefined, (old) => ({ ...old, services: [own, { ...metrics, ...change }] }))
    .set('kube.service-backends', undefined, { backends: [{ namespace: 'kube-system', name: 'metrics-server', ready }] });
}

const verdict = (world: World) => world.verdict(rule, metrics.name);

test('what the API servers serve themselves is not asked about', () => {
  const alone = healthyWorld().set('kube.api-services', undefined, (old) => ({ ...old, services: [own] }));
  expect(alone.judge(rule)).toMatchObject([{ status: 'not-applicable' }]);
  expect(verdict(registered({ available: 'True', reason: 'Passed' })).status).toBe('pass');
});

test('nobody behind it: no need to wait', () => {
  for (const seconds of [10, 3600]) {
    const world = registered({ since: now - seconds * 1000 });
    const found = asFail(verdict(world));
    expect(found).toMatchObject({
      severity: 'warning',
      reason: 'no-backend',
      subject: { keys: { object: 'APIService/v1beta1.metrics.k8s.io' } },
    });
    expect(unfilled(rule, found)).toEqual([]);
    expect(shown(rule, found)).toContain('  kube-system/metrics-server  no ready address stands behind it');
    expect(fixesOf(rule, world, found)[1]).toMatchObject({ risk: 'medium', undo: ['kubectl apply -f v1beta1.metrics.k8s.io.yaml'] });
  }
});

test.each([
  [299, 'info'],
  [301, 'warning'],
] as const)('with pods behind it, %i s are %s', (seconds, severity) => {
  expect(asFail(verdict(registered({ reason: 'FailedDiscoveryCheck', since: now - seconds * 1000 }, 2)))).toMatchObject({
    severity,
    reason: 'unreachable',
  });
});

test('a refusal is told apart, by the message', () => {
  const message = 'failing or missing response from https://10.96.3.1:443/apis: bad status from https://10.96.3.1:443/apis: 403';
  expect(asFail(verdict(registered({ reason: 'FailedDiscoveryCheck', message }, 2))).reason).toBe('refused');
});

test('without the list, the time or the condition nobody can say', () => {
  expect(healthyWorld().missing('kube.api-services').judge(rule)).toMatchObject([{ status: 'unknown' }]);
  expect(verdict(registered({ available: 'absent' })).status).toBe('unknown');
  const { since: _none, ...timeless } = metrics;
  const world = healthyWorld().set('kube.api-services', undefined, (old) => ({ ...old, services: [timeless] }));
  expect(verdict(world).status).toBe('unknown');
  expect(verdict(registered({ since: now - 100_000 }).missing('kube.service-backends'))).toMatchObject({
    status: 'fail',
    severity: 'info',
  });
});
