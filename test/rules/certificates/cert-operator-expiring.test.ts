import { expect, test } from 'vitest';
import rule from '../../../rules/certificates/cert-operator-expiring.ts';
import type { CredentialSeen } from '../../../src/model/operator.ts';
import type { Edge } from '../../../src/model/rule.ts';
import { fixesOf } from '../../kit/texts.ts';
import { answered, asFail, certificate, healthyWorld, now, type World } from '../../kit/world.ts';

const day = 86_400_000;

function iso(moment: number): string {
  return new Date(moment).toISOString();
}

function withCredential(credential: CredentialSeen, world = healthyWorld()): World {
  return world.set('operator.kubeconfig', undefined, (old) => ({ ...old, credential }));
}

function ending(moment: number, world = healthyWorld()): World {
  return withCredential(
    {
      kind: 'client-certificate',
      certificate: certificate('admin', { notBefore: iso(moment - 365 * day), notAfter: iso(moment), subject: 'CN=kubernetes-admin' }),
    },
    world,
  );
}

function withoutServers(world: World): World {
  for (const id of ['api.ready', 'etcd.clock', 'lb.tries'] as const) world.missing(id);
  return world;
}

test('a certificate that lasts passes', () => {
  expect(healthyWorld().verdict(rule, 'you').status).toBe('pass');
});

test('one that has ended is critical, by the servers’ clocks', () => {
  const verdict = asFail(ending(now - 3 * 3_600_000).verdict(rule, 'you'));
  expect(verdict).toMatchObject({ reason: 'expired', severity: 'critical', witness: 'stated' });
  expect(verdict.facts).toMatchObject({ words: 'ended 3 h ago', by: 'the clocks of m1, m2, m3', owner: 'CN=kubernetes-admin' });
  expect(verdict.since?.earliest).toBeLessThanOrEqual(now - 3 * 3_600_000);
});

test('thirty days are the line for a warning', () => {
  expect(asFail(ending(now + 30 * day - 60_000).verdict(rule, 'you'))).toMatchObject({ reason: 'expiring', severity: 'warning' });
  expect(ending(now + 30 * day + 60_000).verdict(rule, 'you').status).toBe('pass');
});

test('our own clock does not decide while a server tells the time', () => {
  const world = ending(now + 90 * day);
  for (const node of ['m1', 'm2', 'm3'])
    world.missing('etcd.clock', node).set('api.ready', node, { tries: [answered(node, 200, 'ok', {}, now + 100 * day)] });
  expect(asFail(world.verdict(rule, 'you')).reason).toBe('expired');
});

test('the answer through the load balancer is a clock too; without any server our own has to do, and it says so', () => {
  const world = ending(now - 3_600_000)
    .missing('api.ready')
    .missing('etcd.clock');
  expect(asFail(world.verdict(rule, 'you'))).toMatchObject({ witness: 'stated', facts: { by: 'the API’s own clock and this machine’s' } });
  expect(asFail(withoutServers(ending(now - 3_600_000)).verdict(rule, 'you')).witness).toBe('measured');
});

test('about to end within what the clocks leave open: unknown', () => {
  expect(
    ending(now + 100)
      .missing('etcd.clock')
      .verdict(rule, 'you').status,
  ).toBe('unknown');
});

test('a token is judged by what it says about its end', () => {
  expect(asFail(withCredential({ kind: 'token', expiresAt: now - 60_000 }).verdict(rule, 'you')).facts).toMatchObject({
    credential: 'token',
  });
  expect(withCredential({ kind: 'token', expiresAt: now + 60 * day }).verdict(rule, 'you').status).toBe('pass');
  expect(withCredential({ kind: 'token' }).verdict(rule, 'you').status).toBe('unknown');
});

test('what gives no date is unknown, no credential has none', () => {
  expect(withCredential({ kind: 'plugin', command: 'aws-iam-authenticator' }).verdict(rule, 'you').status).toBe('unknown');
  expect(withCredential({ kind: 'broken', detail: 'no key' }).verdict(rule, 'you').status).toBe('unknown');
  expect(withCredential({ kind: 'none' }).verdict(rule, 'you').status).toBe('not-applicable');
  expect(healthyWorld().missing('operator.kubeconfig').verdict(rule, 'you').status).toBe('unknown');
});

test('only one that has ended explains a rejected credential', () => {
  const edge = (rule.explains as readonly Edge[]).find((one) => one.to === 'api-credential-rejected');
  const gate = (world: World) =>
    edge?.when?.({ cause: asFail(world.verdict(rule, 'you')), effect: undefined as never }, undefined as never);
  expect(gate(ending(now - day))).toBe('yes');
  expect(gate(ending(now + day))).toBe('no');
  expect(edge?.produces).toEqual(['all']);
});

test('nobody but the administrator is told to take the administrator’s kubeconfig', () => {
  const jane = certificate('jane', { notAfter: iso(now - day), subject: 'O=dev, CN=jane' });
  const world = withCredential({ kind: 'client-certificate', certificate: jane });
  const fixes = fixesOf(rule, world, asFail(world.verdict(rule, 'you')));
  expect(fixes.map(({ run }) => run)).toEqual([[]]);
});

test('the plan names a master, and leaves the file in use as it is', () => {
  const world = ending(now - day);
  const verdict = asFail(world.verdict(rule, 'you'));
  const fixes = rule.fixes({ facts: verdict.facts, subjects: [verdict.subject], verdicts: [verdict] }, {
    topology: world.topology,
  } as never);
  expect(fixes.map((fix) => fix.where)).toEqual(['m1', 'here']);
  expect(fixes[1]?.run).toEqual([
    'test ! -e admin.conf.m1 && (umask 077; scp root@10.89.0.11:/etc/kubernetes/admin.conf admin.conf.m1)',
    'export KUBECONFIG=admin.conf.m1',
  ]);
});

test('what lives for hours is not about to end because it has minutes left', () => {
  const hour = 3_600_000;
  const of = (credential: CredentialSeen) => withCredential(credential).verdict(rule, 'you');
  expect(of({ kind: 'token', issuedAt: now - 5 * 60_000, expiresAt: now + 55 * 60_000 }).status).toBe('pass');
  expect(asFail(of({ kind: 'token', issuedAt: now - 57 * 60_000, expiresAt: now + 3 * 60_000 })).reason).toBe('expiring');
  expect(of({ kind: 'token', expiresAt: now + 55 * 60_000 }).status).toBe('pass');
  const login = (left: number) => certificate('admin', { notBefore: iso(now + left - 12 * hour), notAfter: iso(now + left) });
  expect(of({ kind: 'client-certificate', certificate: login(6 * hour) }).status).toBe('pass');
  expect(asFail(of({ kind: 'client-certificate', certificate: login(hour / 2) })).reason).toBe('expiring');
});
