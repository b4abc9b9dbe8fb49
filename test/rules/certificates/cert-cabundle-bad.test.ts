// Are authorities of webhooks, aggregated APIs and conversions judged by their dates?
import { expect, test } from 'vitest';
import bundles from '../../../rules/certificates/cert-cabundle-bad.ts';
import type { Bundle } from '../../../src/model/admission.ts';
import { day, iso } from '../../kit/certificates.ts';
import { authorityOf } from '../../kit/healthy.ts';
import { fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld, now, type World } from '../../kit/world.ts';

const bundle = (days: number): Bundle => ({ certificates: [{ ...authorityOf('kubernetes'), notAfter: iso(now + days * day) }] });
const webhook = (given: Bundle | undefined, failClosed = true): World =>
  healthyWorld().set('kube.webhooks', undefined, {
    webhooks: [
      {
        kind: 'ValidatingWebhookConfiguration',
        configuration: 'policy',
        name: 'check.policy.io',
        failClosed,
        timeoutSeconds: 10,
        rules: [],
        namespaces: [],
        narrowed: false,
        ...(given && { bundle: given }),
      },
    ],
  });

test('none, and one that lasts, pass', () => {
  expect(healthyWorld().verdict(bundles, 'cluster').status).toBe('pass');
  expect(webhook(undefined).verdict(bundles, 'cluster').status).toBe('pass');
  expect(webhook(bundle(300)).verdict(bundles, 'check.policy.io').status).toBe('pass');
});

test.each<[string, Bundle, boolean, string, string]>([
  ['ended, and must be asked', bundle(-1), true, 'expired', 'critical'],
  ['ended, and may fail', bundle(-1), false, 'expired', 'warning'],
  ['about to end', bundle(10), true, 'expiring', 'warning'],
  ['no certificate', { certificates: [], broken: 'the bytes are not a certificate' }, true, 'broken', 'critical'],
])('%s', (_name, given, failClosed, reason, severity) => {
  const world = webhook(given, failClosed);
  const verdict = asFail(world.verdict(bundles, 'check.policy.io'));
  expect(verdict).toMatchObject({ reason, severity });
  expect(unfilled(bundles, verdict)).toEqual([]);
  expect(fixesOf(bundles, world, verdict)).toHaveLength(1);
});

test('an old authority beside a new one is a rotation', () => {
  const both = { certificates: [...bundle(-1).certificates, ...bundle(300).certificates] };
  expect(webhook(both).verdict(bundles, 'check.policy.io').status).toBe('pass');
});

test('an aggregated API that is refused for it is its effect, by the same object', () => {
  const world = healthyWorld().set('kube.api-services', undefined, (old) => ({
    ...old,
    services: [
      { name: 'v1.x.io', service: { namespace: 'x', name: 'x' }, available: 'False', reason: '', message: '', bundle: bundle(-1) },
    ],
  }));
  const verdict = asFail(world.verdict(bundles, 'v1.x.io'));
  expect(verdict).toMatchObject({ severity: 'critical', subject: { keys: { object: 'APIService/v1.x.io' } } });
  expect(gateOf(bundles, world, verdict, { ...verdict, rule: 'api-aggregated-unavailable' })).toEqual(['yes']);
});

test('a conversion webhook counts, and a list nobody could read is unknown', () => {
  const world = healthyWorld().set('kube.conversions', undefined, { conversions: [{ name: 'things.x.io', bundle: bundle(-1) }] });
  expect(asFail(world.verdict(bundles, 'things.x.io')).severity).toBe('critical');
  expect(healthyWorld().missing('kube.conversions').verdict(bundles, 'cluster').status).toBe('unknown');
});
