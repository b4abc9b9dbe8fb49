// Are authorities of webhooks, aggregated APIs and conversions judged by their dates?
import { expect, test } from 'vitest';
import bundles from '../../../rules/certificates/cert-cabundle-bad.ts';
import type { Bundle } from '../../../src/model/admission.ts';
import type { CallCounts } from '../../../src/model/api-metrics.ts';
import { day, iso } from '../../kit/certificates.ts';
import { authorityOf } from '../../kit/healthy.ts';
import { fixesOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld, now, type World } from '../../kit/world.ts';

const bundle = (days: number): Bundle => ({
  certificates: [{ ...authorityOf('kubernetes'), notBefore: iso(now + (days - 365) * day), notAfter: iso(now + days * day) }],
});
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

const refusal = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';

/** An aggregated API with a good bundle, or the given one, and what the API answers for it. */
function aggregated(status: number | undefined, message = '', given: Bundle | undefined = bundle(300)): World {
  const service = { namespace: 'x', name: 'api', port: 8443 };
  const answers = status === undefined ? [] : [{ name: 'v1.x.io', status, message }];
  return healthyWorld()
    .set('kube.api-services', undefined, (old) => ({
      ...old,
      services: [{ name: 'v1.x.io', service, available: 'True', reason: 'Passed', message: '', ...(given && { bundle: given }) }],
    }))
    .set('kube.aggregated-answers', undefined, { answers });
}

test('an aggregated API counts by what the API answers for it, whatever its condition Available says', () => {
  expect(aggregated(200).verdict(bundles, 'v1.x.io').status).toBe('pass');
  const world = aggregated(503, `error trying to reach service: ${refusal}`);
  const verdict = asFail(world.verdict(bundles, 'v1.x.io'));
  expect(verdict).toMatchObject({ reason: 'other-authority', subject: { keys: { object: 'APIService/v1.x.io' } } });
  expect(unfilled(bundles, verdict)).toEqual([]);
  expect(fixesOf(bundles, world, verdict).map(({ run }) => run[0])).toEqual([
    expect.stringContaining('kubectl -n x port-forward service/api 8443:8443'),
    expect.stringContaining('kubectl get apiservice v1.x.io'),
  ]);
  const names = aggregated(503, "Error trying to reach service: 'x509: certificate is valid for a.svc, not api.x.svc'");
  expect(asFail(names.verdict(bundles, 'v1.x.io'))).toMatchObject({ reason: 'refused', severity: 'warning' });
  expect(asFail(aggregated(503, refusal, undefined).verdict(bundles, 'v1.x.io')).reason).toBe('other-authority');
});

test.each([
  ['nobody asked', undefined, ''],
  ['this login may not', 403, 'forbidden: User "x" cannot get path'],
  ['nobody stands behind it', 503, 'no endpoints available for service "api"'],
])('where %s, whether the bundle signed what is served is unknown', (_why, status, message) => {
  const verdict = aggregated(status, message).verdict(bundles, 'v1.x.io');
  expect(verdict).toMatchObject({ status: 'unknown', gaps: [{ howToGet: 'kubectl get --raw /apis/x.io/v1' }] });
});

test('a bundle without any authority accepts one certificate alone: a note where that signed itself', () => {
  const leaf = (change: object): Bundle => ({
    certificates: bundle(300).certificates.map((one) => ({ ...one, isAuthority: false, ...change })),
  });
  expect(asFail(webhook(leaf({})).verdict(bundles, 'check.policy.io'))).toMatchObject({
    reason: 'leaf',
    severity: 'info',
    impact: 'at-risk',
  });
  const signed = leaf({ subject: 'CN=policy', issuer: 'CN=some-authority' });
  expect(asFail(webhook(signed).verdict(bundles, 'check.policy.io'))).toMatchObject({ reason: 'leaf', severity: 'warning' });
  const both = { certificates: [...leaf({}).certificates, ...bundle(300).certificates] };
  expect(webhook(both).verdict(bundles, 'check.policy.io').status).toBe('pass');
});

/** A webhook and a conversion behind one Service, and a line of an API server's log. */
function logged(text: string, age: number): World {
  const service = { namespace: 'policy', name: 'hook', port: 9443 };
  const lines = [{ at: now - age, text }];
  return webhook(bundle(300))
    .set('kube.webhooks', undefined, ({ webhooks }) => ({
      webhooks: webhooks.map((one) => ({ ...one, service: { ...service, path: '/check' } })),
    }))
    .set('kube.conversions', undefined, {
      conversions: [{ name: 'things.x.io', objects: 'Thing', service: { ...service, path: '/convert' }, bundle: bundle(300) }],
    })
    .set('kube.container-logs', undefined, {
      logs: [{ component: 'kube-apiserver', node: 'm1', pod: 'kube-apiserver-m1', previous: false, lines }],
    });
}
const [hook, things] = ['check.policy.io', 'things.x.io'] as const;
const asked = 'failed calling webhook "check.policy.io": failed to call webhook: ';
const translated = 'conversion webhook for x.io/v1, Kind=Thing failed: ';
const post = (error: string, path = '/check', host = 'hook.policy.svc:9443') => `Post "https://${host}${path}?timeout=10s": ${error}`;

const quiet = (): World => logged('nothing', 1000);
const served = 'what webhooks serve';
const open = (detail: unknown, howToGet: unknown) => ({ status: 'unknown', gaps: [{ detail, howToGet }] });

/** What each API server has counted so far. */
function counted(world: World, ...calls: readonly CallCounts[]): World {
  for (const node of ['m1', 'm2', 'm3']) world.set('api.metrics', node, (old) => ({ ...old, calls }));
  return world;
}
const validated = (answered: number, failed = 0): CallCounts => ({ kind: 'validating', to: hook, answered, failed });
const converted = (answered: number, failed = 0): CallCounts => ({ kind: 'conversion', to: things, answered, failed });

test('of webhooks that nobody called it is unknown, once for all of them, with what would verify the first', () => {
  const world = quiet();
  expect(world.verdict(bundles, served)).toMatchObject(
    open(
      expect.stringContaining('check.policy.io, things.x.io'),
      expect.stringMatching(
        /^kubectl get validatingwebhookconfiguration policy .*port-forward service\/hook 8443:9443 .*hook\.policy\.svc/,
      ),
    ),
  );
  expect(world.judge(bundles).filter(({ status }) => status === 'unknown')).toHaveLength(1);
});

test('one that API servers call, and that never failed, fits', () => {
  expect(counted(quiet(), validated(7), converted(3)).verdict(bundles, served).status).toBe('pass');
  const half = counted(quiet(), validated(7)).verdict(bundles, served);
  expect(half).toMatchObject(open(expect.stringMatching(/caBundle of things\.x\.io signed/), expect.stringContaining('things.x.io')));
});

test('one whose calls fail is open, until none fails between two looks', () => {
  const failing = (): World => counted(quiet(), validated(7, 2), converted(3));
  expect(failing().verdict(bundles, served)).toMatchObject(
    open(expect.stringContaining('calls of check.policy.io have failed'), expect.stringContaining('x509')),
  );
  const later = (answered: number, failed: number) => {
    const world = failing();
    for (const node of ['m1', 'm2', 'm3'])
      world.again('api.metrics', node, { requests: 1, serverErrors: 0, terminated: 0, calls: [validated(answered, failed), converted(3)] });
    return world.verdict(bundles, served).status;
  };
  expect([later(9, 2), later(9, 3), later(7, 2)]).toEqual(['pass', 'unknown', 'unknown']);
});

test('one API server that meets failures, or was not asked, leaves it open', () => {
  const world = counted(quiet(), validated(7), converted(3));
  world.set('api.metrics', 'm2', (old) => ({ ...old, calls: [validated(0, 1)] }));
  expect(world.verdict(bundles, served).status).toBe('unknown');
  const unread = counted(quiet(), validated(7), converted(3)).missing('api.metrics', 'm2', { howToGet: '--deep' });
  expect(unread.verdict(bundles, served)).toMatchObject({ status: 'unknown', gaps: [{ id: 'api.metrics', howToGet: '--deep' }] });
});

test('counters do not tell two webhooks of one name apart', () => {
  const world = counted(quiet(), validated(7), converted(3));
  world.set('kube.webhooks', undefined, ({ webhooks }) => ({
    webhooks: webhooks.flatMap((one) => [one, { ...one, configuration: 'second' }]),
  }));
  expect(world.verdict(bundles, served)).toMatchObject(open(expect.stringContaining(hook), expect.anything()));
});

test.each([
  ['the webhook, by its name', asked + post(refusal), hook, things],
  ['the webhook, by where it was called', post(refusal), hook, things],
  ['the webhook, with quotes as a log writes them', (asked + post(refusal)).replaceAll('"', '\\"'), hook, things],
  ['the conversion, by what was to be translated', translated + post(refusal, '/convert'), things, hook],
  ['the conversion, by where it was called', post(refusal, '/convert'), things, hook],
])('behind one Service a line blames %s, and not the other one', (_how, text, blamed, other) => {
  const world = logged(text, 1000);
  const verdict = asFail(world.verdict(bundles, blamed));
  expect(verdict).toMatchObject({ reason: 'other-authority', severity: 'critical' });
  expect(fixesOf(bundles, world, verdict)[0]?.run[0]).toContain('kubectl -n policy port-forward service/hook 8443:9443');
  expect(world.verdict(bundles, other).status).toBe('pass');
  expect(world.verdict(bundles, 'what webhooks serve')).toMatchObject({
    status: 'unknown',
    gaps: [{ detail: expect.not.stringContaining(blamed) }],
  });
});

test('one that is called by URL is known by its host', () => {
  const at = (host: string, text: string) =>
    logged(text, 1000).set('kube.webhooks', undefined, ({ webhooks }) => ({
      webhooks: webhooks.map(({ service: _none, ...one }) => ({ ...one, host })),
    }));
  const line = asked + post(refusal, '/any', 'hooks.example.org');
  expect(asFail(at('hooks.example.org', line).verdict(bundles, hook)).reason).toBe('other-authority');
  expect(at('hooks.example.org:8443', line).verdict(bundles, hook).status).toBe('pass');
});

test.each([
  ['is of another Service', asked + post(refusal, '/check', 'hook.other.svc:9443'), 1000],
  ['is of another port of it', asked + post(refusal, '/check', 'hook.policy.svc:443'), 1000],
  ['is of another path of it', post(refusal, '/other'), 1000],
  ['is of another webhook', asked.replace('check', 'other') + post(refusal), 1000],
  ['is old', asked + post(refusal), 3_600_000],
  ['is about something else', asked + post('context deadline exceeded'), 1000],
])('a line that %s shows nothing', (_how, text, age) => {
  const world = logged(text, age);
  expect(world.verdict(bundles, hook).status).toBe('pass');
  expect(world.verdict(bundles, 'what webhooks serve').status).toBe('unknown');
});

test('a conversion webhook counts, and a list nobody could read is unknown', () => {
  const world = healthyWorld().set('kube.conversions', undefined, { conversions: [{ name: 'things.x.io', bundle: bundle(-1) }] });
  expect(asFail(world.verdict(bundles, 'things.x.io')).severity).toBe('critical');
  expect(healthyWorld().missing('kube.conversions').verdict(bundles, 'cluster').status).toBe('unknown');
});

test('authorities that are made anew every week warn on their last day only', () => {
  const weekly = (left: number): Bundle => ({
    certificates: [{ ...authorityOf('kubernetes'), notBefore: iso(now + (left - 7) * day), notAfter: iso(now + left * day) }],
  });
  expect(webhook(weekly(3)).verdict(bundles, 'check.policy.io').status).toBe('pass');
  expect(asFail(webhook(weekly(0.5)).verdict(bundles, 'check.policy.io')).reason).toBe('expiring');
});
