// Is an authority judged by its own dates, and by what it signed?
import { expect, test } from 'vitest';
import rule from '../../../rules/certificates/cert-ca-expiring.ts';
import type { CertificateSeen } from '../../../src/model/network.ts';
import { day, iso } from '../../kit/certificates.ts';
import { authorityOf } from '../../kit/healthy.ts';
import { fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld, now, type World } from '../../kit/world.ts';

function authorities(change: Partial<CertificateSeen>, world = healthyWorld()): World {
  const seen = [{ ...authorityOf('kubernetes'), ...change }];
  for (const node of ['m1', 'm2', 'm3']) world.set('api.ready', node, (old) => ({ ...old, authorities: seen }));
  return world.set('kube.trust', undefined, (old) => ({ ...old, root: [], client: [] }));
}

const ending = (days: number) => ({ notAfter: iso(now + days * day) });

test('the authority of a healthy cluster passes; etcd’s, that nobody saw, is unknown', () => {
  const verdicts = healthyWorld().judge(rule);
  expect(verdicts.map(({ subject, status }) => `${subject.name} ${status}`)).toEqual(['ca pass', 'etcd-ca unknown', 'front-proxy-ca pass']);
});

test.each([
  [-1, 'expired', 'critical', 'outage'],
  [29, 'ending', 'critical', 'at-risk'],
  [179, 'ending', 'warning', 'at-risk'],
  [200, 'shorter', 'info', 'at-risk'],
] as const)('%d days left: %s', (days, reason, severity, impact) => {
  const world = authorities(ending(days));
  const verdict = asFail(world.verdict(rule, 'ca'));
  expect(verdict).toMatchObject({ reason, severity, impact, group: 'ca', witness: 'stated' });
  expect(unfilled(rule, verdict)).toEqual([]);
  const plan = fixesOf(rule, world, verdict);
  expect(plan.flatMap((fix) => fix.run).join('\n')).not.toMatch(/> \/etc|\bcp\b.* \/etc\/kubernetes\/pki|\bmv\b.* \/etc/);
  expect(plan.at(-1)?.do).toContain('https://kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates/');
});

test('one that outlives all it signed passes', () => {
  expect(authorities(ending(400)).verdict(rule, 'ca').status).toBe('pass');
});

test('old and new during a rotation are judged apart', () => {
  const seen = [
    { ...authorityOf('kubernetes'), ...ending(20) },
    { ...authorityOf('kubernetes'), sha256: 'b'.repeat(64), keyId: 'new' },
  ];
  const world = healthyWorld().set('kube.trust', undefined, (old) => ({ ...old, root: [], client: [] }));
  for (const node of ['m1', 'm2', 'm3']) world.set('api.ready', node, (old) => ({ ...old, authorities: seen }));
  expect(
    world
      .judge(rule)
      .map((verdict) => verdict.status)
      .sort(),
  ).toEqual(['fail', 'pass', 'pass', 'unknown']);
});

test('what a rotation left behind in a bundle is a note, whether it has ended or will', () => {
  for (const days of [-10, 20]) {
    const old = { ...authorityOf('kubernetes'), ...ending(days), sha256: 'b'.repeat(64), keyId: 'old', authorityKeyId: 'old' };
    const world = healthyWorld().set('kube.trust', undefined, (before) => ({ ...before, root: [...before.root, old] }));
    const failed = world.judge(rule).filter(({ status }) => status === 'fail');
    expect(failed).toMatchObject([{ reason: 'left', severity: 'info' }]);
    for (const verdict of failed.map(asFail)) {
      expect(fixesOf(rule, world, verdict)).toEqual([]);
      expect(unfilled(rule, verdict)).toEqual([]);
    }
  }
});

test('one that was renewed with the same key is replaced: what the old one signed is as good by the new one', () => {
  const twin = { ...authorityOf('kubernetes'), publicKey: 'c'.repeat(64), sha256: 'b'.repeat(64), ...ending(-1) };
  const world = authorities({ publicKey: 'c'.repeat(64), ...ending(400) });
  for (const node of ['m1', 'm2', 'm3'])
    world.set('api.ready', node, (old) => ({ ...old, authorities: [twin, ...(old.authorities ?? [])] }));
  expect(world.judge(rule).filter(({ status }) => status === 'fail')).toMatchObject([{ reason: 'left', severity: 'info' }]);
});

test('without identifiers of keys names tell: who of two of one name signed it nobody knows, the valid one may have', () => {
  const nameless = (certificate: CertificateSeen): CertificateSeen => {
    const { keyId: _, authorityKeyId: __, ...rest } = certificate;
    return rest;
  };
  const world = healthyWorld().set('kube.trust', undefined, (old) => ({ ...old, root: [], client: [] }));
  const [valid, old] = [
    nameless({ ...authorityOf('kubernetes'), ...ending(400) }),
    nameless({ ...authorityOf('kubernetes'), ...ending(-1) }),
  ];
  const served = (held: readonly CertificateSeen[]) => {
    for (const node of ['m1', 'm2', 'm3'])
      world.set('api.ready', node, (before) => ({
        ...before,
        authorities: held,
        tries: before.tries.map((one) => ({ ...one, chain: one.chain.map(nameless) })),
      }));
    return world.judge(rule).flatMap((verdict) => (verdict.status === 'fail' ? [verdict.reason] : []));
  };
  expect(served([{ ...old, sha256: 'b'.repeat(64) }, valid])).toEqual(['left']);
  expect(served([old])).toEqual(['expired']);
});

test('etcd’s, as it was named, explains what fails in etcd and nothing at the API', () => {
  const world = healthyWorld();
  const seen = [{ ...authorityOf('etcd-ca'), ...ending(-1) }];
  world.set('etcd.client-port', 'm1', (old) => ({ ...old, authorities: seen }));
  const verdict = asFail(world.verdict(rule, 'etcd-ca'));
  expect(gateOf(rule, world, verdict, { ...verdict, rule: 'etcd-partition' })).toEqual(['yes']);
  expect(gateOf(rule, world, verdict, { ...verdict, rule: 'api-master-unreachable' })).toEqual(['no']);
});

test('the front proxy’s stops what extends the API, and nothing more', () => {
  const world = healthyWorld().set('kube.trust', undefined, (old) => ({
    ...old,
    frontProxy: old.frontProxy.map((one) => ({ ...one, ...ending(-1) })),
  }));
  const verdict = asFail(world.verdict(rule, 'front-proxy-ca'));
  expect(verdict.impact).toBe('degraded');
  expect(gateOf(rule, world, verdict, { ...verdict, rule: 'api-aggregated-unavailable' })).toEqual(['yes']);
});

test('a system’s store says nothing of the cluster’s own authority', () => {
  const world = authorities(ending(1)).set('operator.kubeconfig', undefined, (old) => ({ ...old, authority: 'system' }));
  expect(world.verdict(rule, 'ca').status).toBe('unknown');
});
