import { expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-lb-unreachable.ts';
import type { Try } from '../../../src/model/network.ts';
import { fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { answered, asFail, certificate, failedTries, healthyWorld, World } from '../../kit/world.ts';

const entry = { address: '10.89.0.10:8443' };
const expired = { kind: 'untrusted', why: 'expired', detail: 'ended 2026-11-20' } as const;
const etcdBroken = '[-]etcd failed: reason withheld\n';

function through(tries: readonly Try[]): World {
  return healthyWorld().set('lb.tries', undefined, { tries: tries.map((one) => ({ ...one, ...entry })) });
}

function served(...nodes: readonly string[]): readonly Try[] {
  return nodes.map((node) => answered(node, 200, 'ok'));
}

test('every try served: pass', () => {
  expect(healthyWorld().verdict(rule, 'LB').status).toBe('pass');
});

test.each(['dns', 'refused', 'timeout', 'hung', 'reset', 'closed', 'tls'] as const)(
  'nothing but %s is an outage for that reason',
  (why) => {
    const verdict = asFail(through(failedTries('m1', why)).verdict(rule, 'LB'));
    expect(verdict).toMatchObject({ reason: why, severity: 'critical', impact: 'outage' });
    expect(verdict.supports?.map((support) => support.state)).toEqual(['good', 'good', 'good']);
  },
);

test('a certificate that nobody accepts, on every try: untrusted, said by the server itself', () => {
  const verdict = asFail(through(['m1', 'm2', 'm3'].map((node) => answered(node, 200, 'ok', { trust: expired }))).verdict(rule, 'LB'));
  expect(verdict).toMatchObject({ reason: 'untrusted', witness: 'stated' });
});

test('500 from everybody: nobody is served', () => {
  const verdict = asFail(through(['m1', 'm2'].map((node) => answered(node, 500, etcdBroken))).verdict(rule, 'LB'));
  expect(verdict.reason).toBe('not-ready');
});

test.each([401, 429, 200, 404])('%i on every try is an answer', (status) => {
  expect(through(['m1', 'm2', 'm3'].map((node) => answered(node, status))).verdict(rule, 'LB').status).toBe('pass');
});

test('403 from every API server while none serves directly: nobody is served', () => {
  const tries = ['m1', 'm2', 'm3'].map((node) => answered(node, 403));
  const world = through(tries);
  for (const node of ['m1', 'm2', 'm3']) world.set('api.ready', node, { tries: [answered(node, 403)] });
  expect(asFail(world.verdict(rule, 'LB')).reason).toBe('not-ready');
  expect(through(tries).verdict(rule, 'LB').status).toBe('pass');
});

test('403 with no API server asked: the login decides, and without one nobody knows', () => {
  const tries = ['m1', 'm2', 'm3'].map((node) => answered(node, 403));
  expect(through(tries).missing('api.ready').verdict(rule, 'LB').status).toBe('pass');
  expect(through(tries).missing('api.ready').missing('lb.credential').verdict(rule, 'LB').status).toBe('unknown');
});

test('some tries meet an expired certificate: partial, and the master that showed it is the lost support', () => {
  const tries = [...served('m1', 'm3', 'm1'), answered('m2', 200, 'ok', { trust: expired })];
  const verdict = asFail(through(tries).verdict(rule, 'LB'));
  expect(verdict).toMatchObject({ reason: 'partial', severity: 'warning', impact: 'degraded' });
  expect(verdict.facts).toMatchObject({ words: 'fails 1 of 4 tries', served: 3 });
  expect(verdict.supports?.map(({ name, state }) => `${name} ${state}`)).toEqual(['m1 good', 'm2 lost', 'm3 good']);
});

test('some tries hang without a certificate: the master that does not serve directly is the lost support', () => {
  const world = through([...served('m1', 'm3'), ...failedTries('m2', 'hung').slice(0, 1)]).set('api.ready', 'm2', {
    tries: failedTries('m2', 'hung'),
  });
  expect(asFail(world.verdict(rule, 'LB')).supports?.map(({ state }) => state)).toEqual(['good', 'lost', 'good']);
});

test('one lost try while every API server serves is noise; two are not', () => {
  const lost = failedTries('m2', 'timeout');
  expect(through([...served('m1', 'm2', 'm3'), ...lost.slice(0, 1)]).verdict(rule, 'LB').status).toBe('pass');
  const verdict = asFail(through([...served('m1', 'm2', 'm3'), ...lost.slice(0, 2)]).verdict(rule, 'LB'));
  expect(verdict.reason).toBe('partial');
  expect(verdict.supports?.every(({ state }) => state === 'good')).toBe(true);
});

test('a 500 counts only where that API server says so directly as well', () => {
  const tries = [...served('m1', 'm3'), answered('m2', 500, etcdBroken)];
  expect(through(tries).verdict(rule, 'LB').status).toBe('pass');
  const world = through(tries).set('api.ready', 'm2', { tries: [answered('m2', 500, etcdBroken)] });
  expect(asFail(world.verdict(rule, 'LB')).reason).toBe('partial');
});

test('a master that could not be asked is an unknown support, never a lost one', () => {
  const world = through(failedTries('m1', 'closed'))
    .missing('api.ready', 'm3')
    .set('api.ready', 'm2', { tries: failedTries('m2', 'refused') });
  expect(asFail(world.verdict(rule, 'LB')).supports?.map(({ state }) => state)).toEqual(['good', 'lost', 'unknown']);
});

test('an entry that is an API server itself rests on that one alone', () => {
  const world = healthyWorld().set('operator.kubeconfig', undefined, (old) => ({
    ...old,
    host: '10.89.0.11',
    port: 6443,
    server: 'https://10.89.0.11:6443',
  }));
  const subject = { kind: 'lb', id: '10.89.0.11:6443', name: 'LB', keys: {} } as const;
  const tries = {
    state: 'known',
    id: 'lb.tries',
    subject,
    value: { tries: failedTries('m1', 'refused') },
    source: 'direct',
    takenAt: 0,
    sample: 0,
  } as const;
  const changed = new World([...world.evidence.items, tries]).set('api.ready', 'm1', { tries: failedTries('m1', 'refused') });
  expect(asFail(changed.verdict(rule, 'LB')).supports).toEqual([expect.objectContaining({ name: 'm1', state: 'lost' })]);
});

test('tries that were not made are unknown', () => {
  expect(healthyWorld().missing('lb.tries').verdict(rule, 'LB').status).toBe('unknown');
  expect(healthyWorld().set('lb.tries', undefined, { tries: [] }).verdict(rule, 'LB').status).toBe('unknown');
  expect(healthyWorld().missing('operator.kubeconfig').verdict(rule, 'cluster').status).toBe('unknown');
});

test('no fact is asked for that a failing verdict lacks, and a serving master is offered as a way round', () => {
  const world = through(failedTries('m1', 'refused'));
  const verdict = asFail(world.verdict(rule, 'LB'));
  expect(verdict.facts).toMatchObject({ address: '10.89.0.10:8443', all: 3, words: 'refuses connections' });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict)[0]?.run[0]).toBe('kubectl --server=https://10.89.0.11:6443 get nodes');
});

test('the certificate of the load balancer itself belongs to no master', () => {
  const own = certificate('m1', { sha256: 'f'.repeat(64), names: ['lb'], addresses: ['10.89.0.10'] });
  const tries = [...served('m1', 'm2'), ...[1, 2].map(() => answered('m3', 200, 'ok', { trust: expired, chain: [own] }))];
  expect(asFail(through(tries).verdict(rule, 'LB')).supports?.map(({ state }) => state)).toEqual(['good', 'good', 'good']);
});

test('a node that reports through the balancer is an effect, one that uses its own API server is not', () => {
  const world = through(failedTries('m1', 'refused'));
  const cause = asFail(world.verdict(rule, 'LB'));
  const effect = (node: string) => ({
    ...cause,
    rule: 'ha-node-notready' as const,
    subject: { kind: 'node' as const, id: node, name: node, keys: { node } },
  });
  expect(gateOf(rule, world, cause, effect('w1'))).toEqual(['yes']);
  expect(gateOf(rule, world, cause, effect('m2'))).toEqual(['no']);
  expect(gateOf(rule, world, { ...cause, reason: 'partial' }, effect('w1'))).toEqual(['no']);
});

test('a login that failed as well is a second look', () => {
  const world = through(failedTries('m1', 'refused'));
  expect(asFail(world.verdict(rule, 'LB')).witness).toBe('measured');
  const [last] = failedTries('m1', 'refused');
  expect(asFail(world.set('lb.credential', undefined, { last: last ?? answered('m1', 0) }).verdict(rule, 'LB')).witness).toBe('agreed');
});
