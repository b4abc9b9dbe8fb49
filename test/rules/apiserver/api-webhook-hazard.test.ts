import { describe, expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-webhook-hazard.ts';
import { controlPlaneScope } from '../../../src/judge/readings/webhook-scope.ts';
import type { LabelRequirement, WebhookSeen } from '../../../src/model/admission.ts';
import { fixesOf, gateOf, shown, unfilled } from '../../kit/texts.ts';
import { asFail, etcdStatus, healthyWorld, now, type World } from '../../kit/world.ts';
import type { LeaseSeen } from '../../../src/model/kubernetes.ts';
import { judgeAgain } from '../../laws/recordings.ts';

const guard: WebhookSeen = {
  kind: 'ValidatingWebhookConfiguration',
  configuration: 'policy',
  name: 'guard.example.org',
  failClosed: true,
  timeoutSeconds: 5,
  service: { namespace: 'policy', name: 'guard', port: 443 },
  rules: [{ groups: [''], resources: ['pods'], operations: ['CREATE'] }],
  namespaces: [],
  narrowed: false,
};
const onLeases = { rules: [{ groups: ['coordination.k8s.io'], resources: ['leases'], operations: ['UPDATE'] }] };

function configured(change: Partial<WebhookSeen>, ready: number | 'unknown' = 0): World {
  return healthyWorld()
    .set('kube.webhooks', undefined, { webhooks: [{ ...guard, ...change }] })
    .set('kube.service-backends', undefined, { backends: [{ namespace: 'policy', name: 'guard', ready }] });
}

const verdict = (world: World) => world.verdict(rule, 'guard.example.org');
const judged = (change: Partial<WebhookSeen>) => configured(change).judge(rule)[0]?.status;

test('what fails open, covers nothing vital, or leaves kube-system out is no hazard', () => {
  expect(judged({})).toBe('fail');
  expect(judged({ failClosed: false })).toBe('not-applicable');
  expect(judged({ rules: [{ groups: ['apps'], resources: ['deployments'], operations: ['*'] }] })).toBe('not-applicable');
  expect(judged({ namespaces: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] }] })).toBe(
    'not-applicable',
  );
});

test.each<[LabelRequirement, boolean]>([
  [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['kube-system'] }, true],
  [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['shop'] }, false],
  [{ key: 'kubernetes.io/metadata.name', operator: 'Exists', values: [] }, true],
  [{ key: 'policy', operator: 'In', values: ['on'] }, false],
  [{ key: 'policy', operator: 'NotIn', values: ['off'] }, true],
  [{ key: 'policy', operator: 'Exists', values: [] }, false],
  [{ key: 'policy', operator: 'DoesNotExist', values: [] }, true],
])('the selector %j covers kube-system: %s', (requirement, expected) => {
  expect(controlPlaneScope({ ...guard, namespaces: [requirement] }).length > 0).toBe(expected);
});

test('stars, subresources and nodes, which stand in no namespace', () => {
  const scope = (resources: string[], groups = ['*'], namespaces: LabelRequirement[] = []) =>
    controlPlaneScope({ ...guard, rules: [{ groups, resources, operations: ['*'] }], namespaces });
  expect(scope(['*'])).toEqual(['leases', 'node leases', 'pods', 'nodes']);
  expect(scope(['*/*'])).toEqual(['leases', 'node leases', 'pods', 'nodes']);
  expect(scope(['nodes', 'pods'], [''], [{ key: 'x', operator: 'Exists', values: [] }])).toEqual(['nodes']);
  expect(scope(['leases'], [''])).toEqual([]);
  expect(controlPlaneScope({ ...guard, rules: [{ groups: ['*'], resources: ['*'], operations: ['DELETE', 'CONNECT'] }] })).toEqual([]);
});

test('nobody behind it: critical, with a copy kept before it is taken away', () => {
  const world = configured(onLeases);
  const found = asFail(verdict(world));
  expect(found).toMatchObject({ severity: 'critical', reason: 'no-backend', group: 'policy' });
  expect(unfilled(rule, found)).toEqual([]);
  expect(shown(rule, found)).toContain('  policy/guard has no ready address');
  const [, fix] = fixesOf(rule, world, found);
  expect(fix?.run[0]).toBe('kubectl get validatingwebhookconfiguration policy -o yaml > policy.yaml');
  expect(fix?.undo).toEqual(['kubectl apply -f policy.yaml']);
});

test('with somebody behind it, it is a weakness: of leases a warning, else a note', () => {
  expect(asFail(verdict(configured({}, 2)))).toMatchObject({ severity: 'info', reason: 'posture', impact: 'at-risk' });
  const world = configured(onLeases, 2);
  expect(asFail(verdict(world))).toMatchObject({ severity: 'warning', reason: 'posture' });
  expect(fixesOf(rule, world, asFail(verdict(world)))).toHaveLength(1);
  expect(asFail(verdict(configured({ ...onLeases, narrowed: true }, 2))).severity).toBe('info');
  expect(String(asFail(verdict(configured({ timeoutSeconds: 11 }, 2))).facts['words'])).toContain('longer than a lease lasts');
});

test('it stops leases only where it covers them and nobody answers', () => {
  const gate = (change: Partial<WebhookSeen>, ready: number) => {
    const world = configured(change, ready);
    const cause = asFail(verdict(world));
    return gateOf(rule, world, cause, { ...cause, rule: 'le-lease-expired' });
  };
  expect([gate(onLeases, 0), gate(onLeases, 2), gate({}, 0)]).toEqual([['yes'], ['no'], ['no']]);
});

test('what could not be looked at is unknown', () => {
  expect(healthyWorld().missing('kube.webhooks').judge(rule)).toMatchObject([{ status: 'unknown' }]);
  expect(verdict(configured({}).missing('kube.service-backends')).status).toBe('unknown');
  expect(verdict(configured({}, 'unknown')).status).toBe('unknown');
  const { service: _none, ...byUrl } = guard;
  const world = healthyWorld().set('kube.webhooks', undefined, { webhooks: [{ ...byUrl, host: 'guard.example.org:8443' }] });
  expect(verdict(world).status).toBe('unknown');
});

describe('none of the leases it covers is renewed', () => {
  const { service: _none, ...guardByUrl } = guard;
  const byUrl = { ...guardByUrl, ...onLeases, host: 'guard.example.org:8443' };
  const old = (leases: readonly LeaseSeen[]) =>
    leases.map((one) => (one.durationSeconds > 60 ? one : { ...one, renewedAt: now - 100_000, storedAt: now - 100_500 }));
  const standing = (webhook: WebhookSeen): World =>
    configured({}, 1)
      .set('kube.webhooks', undefined, { webhooks: [webhook] })
      .set('kube.leases', undefined, (seen) => ({ ...seen, leases: old(seen.leases) }))
      .set('kube.node-leases', undefined, (seen) => ({ ...seen, leases: old(seen.leases) }));

  test.each<[string, WebhookSeen]>([
    ['called by URL', byUrl],
    ['with somebody behind it', { ...guard, ...onLeases }],
  ])('%s: it does not answer, and that is the one finding', (_words, webhook) => {
    const world = standing(webhook);
    const found = asFail(verdict(world));
    expect(found).toMatchObject({ reason: 'no-answer', severity: 'critical', witness: 'agreed' });
    expect(unfilled(rule, found)).toEqual([]);
    expect(fixesOf(rule, world, found)).toHaveLength(2);
    expect(judgeAgain(world.evidence).findings.map((finding) => finding.cause.rule)).toEqual(['api-webhook-hazard']);
  });

  test('nothing is said where one lease was renewed, something narrows it, it covers none, or too few are seen', () => {
    const renewed = standing(byUrl).set('kube.node-leases', undefined, (seen) => ({
      ...seen,
      leases: seen.leases.map((one) => (one.name === 'w1' ? { ...one, storedAt: now - 5000 } : one)),
    }));
    expect(verdict(renewed).status).toBe('unknown');
    expect(verdict(standing({ ...byUrl, narrowed: true })).status).toBe('unknown');
    expect(verdict(standing({ ...byUrl, rules: guard.rules })).status).toBe('unknown');
    expect(verdict(standing(byUrl).missing('kube.leases').missing('kube.node-leases')).status).toBe('unknown');
  });

  test('only of nodes, where it covers only their namespace', () => {
    const namespaces = [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['kube-node-lease'] }];
    const { findings } = judgeAgain(standing({ ...byUrl, namespaces }).evidence);
    expect(findings.map((finding) => finding.cause.rule).sort()).toEqual(['api-webhook-hazard', 'le-lease-expired']);
  });

  test('a full etcd explains it', () => {
    const world = standing(byUrl);
    for (const node of ['m1', 'm2', 'm3']) {
      world.set('etcd.health', node, { kind: 'unhealthy', reason: 'ALARM NOSPACE' });
      world.set('etcd.status', node, etcdStatus({ dbSize: 2_147_483_648, dbSizeInUse: 2_000_000_000, errors: ['alarm:NOSPACE'] }));
    }
    expect(judgeAgain(world.evidence).findings[0]?.cause.rule).toBe('etcd-alarm-nospace');
    expect(judgeAgain(world.evidence).findings.map((finding) => finding.cause.rule)).not.toContain('api-webhook-hazard');
  });
});

describe('one whose Service has ready addresses', () => {
  const calls = (answered: number, failed: number) => [{ kind: 'validating' as const, to: 'guard.example.org', answered, failed }];
  const looked = (before: readonly [number, number], after: readonly [number, number]) => {
    const world = configured({}, 2);
    for (const node of ['m1', 'm2', 'm3']) {
      world.set('api.metrics', node, (old) => ({ ...old, calls: calls(...before) }));
      world.again('api.metrics', node, { requests: 1, serverErrors: 0, terminated: 0, calls: calls(...after) });
    }
    return world;
  };

  test('and fails every call between two looks stops what it covers', () => {
    const failing = asFail(verdict(looked([5, 100], [5, 150])));
    expect(failing).toMatchObject({ severity: 'critical', reason: 'no-answer', impact: 'degraded' });
    expect(shown(rule, failing).join('\n')).toContain('2 ready addresses');
    expect(unfilled(rule, failing)).toEqual([]);
  });

  test('and answers some, failed before, or was looked at once, is what it was', () => {
    for (const world of [looked([5, 100], [6, 150]), looked([5, 100], [5, 100]), configured({}, 2)])
      expect(asFail(verdict(world)).reason).toBe('posture');
    expect(asFail(verdict(looked([5, 100], [5, 150]).missing('api.metrics'))).reason).toBe('posture');
  });
});
