import { expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-credential-rejected.ts';
import type { CredentialSeen } from '../../../src/model/operator.ts';
import type { Unknown } from '../../../src/model/verdict.ts';
import { fixesOf, shown, unfilled } from '../../kit/texts.ts';
import { judgeAgain } from '../../laws/recordings.ts';
import { answered, asFail, failedTries, healthyWorld, type World } from '../../kit/world.ts';

function login(node: string, status: number, world = healthyWorld()): World {
  return world.set('api.credential', node, { last: answered(node, status) });
}

function everywhere(status: number): World {
  return login('m3', status, login('m2', status, login('m1', status)));
}

function holding(credential: CredentialSeen, world: World): World {
  return world.set('operator.kubeconfig', undefined, (old) => ({ ...old, credential }));
}

test('accepted everywhere, also where the object is not there', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['pass', 'pass', 'pass']);
  expect(everywhere(404).verdict(rule, 'm2').status).toBe('pass');
});

test('401 from every API server: all', () => {
  const world = everywhere(401);
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ reason: 'all', severity: 'critical', witness: 'stated' });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict).map((fix) => fix.where)).toEqual(['here', 'm1']);
});

test('401 from one of three: inconsistent, and the two that accept are named', () => {
  const world = login('m2', 401);
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ reason: 'inconsistent', severity: 'warning' });
  expect(shown(rule, verdict)).toContain('accepted by m1, m3');
  expect(world.verdict(rule, 'm1').status).toBe('pass');
  expect(fixesOf(rule, world, verdict)[0]?.where).toBe('m2');
});

test('403 is permission, not rejection, as long as nobody else allows it', () => {
  expect(everywhere(403).verdict(rule, 'm2').status).toBe('pass');
});

test('403 from one ready API server that the others do not give', () => {
  expect(asFail(login('m2', 403).verdict(rule, 'm2')).reason).toBe('inconsistent');
});

test.each([403, 500])('403 from an API server that answers /readyz %i says nothing: it cannot read its rules', (status) => {
  const world = login('m2', 403).set('api.ready', 'm2', { tries: [answered('m2', status, '[-]etcd failed\n')] });
  expect(world.verdict(rule, 'm2').status).toBe('unknown');
  expect(login('m2', 403).missing('api.ready', 'm2').verdict(rule, 'm2').status).toBe('unknown');
});

test.each([429, 500, 503])('%i says nothing about the credential', (status) => {
  expect(login('m2', status).verdict(rule, 'm2').status).toBe('unknown');
});

test('a silent API server says nothing, and its silence stands in the way', () => {
  const [last] = failedTries('m2', 'hung');
  const world = healthyWorld().set('api.credential', 'm2', { last: last ?? answered('m2', 0) });
  expect((world.verdict(rule, 'm2') as Unknown).gaps[0]?.through).toBe('apiserver/10.89.0.12:6443');
});

test('with no API server asked directly the entry speaks', () => {
  const world = healthyWorld()
    .missing('api.credential')
    .set('lb.credential', undefined, { last: answered('m1', 401) });
  const verdict = asFail(world.verdict(rule, 'LB'));
  expect(verdict.reason).toBe('all');
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(healthyWorld().missing('api.credential').verdict(rule, 'LB').status).toBe('pass');
  expect(healthyWorld().missing('api.credential').missing('lb.credential').verdict(rule, 'LB').status).toBe('unknown');
});

test('so it does when none of them answers us', () => {
  const world = healthyWorld().set('lb.credential', undefined, { last: answered('m1', 401) });
  for (const node of ['m1', 'm2', 'm3']) {
    const [last] = failedTries(node, 'timeout');
    world.set('api.credential', node, { last: last ?? answered(node, 0) });
  }
  expect(asFail(world.verdict(rule, 'LB')).reason).toBe('all');
});

test('no credential, or a broken one, leaves it unknown', () => {
  expect(holding({ kind: 'none' }, healthyWorld()).verdict(rule, 'm1').status).toBe('unknown');
  expect(holding({ kind: 'broken', detail: 'the plugin ended with 1' }, everywhere(401)).verdict(rule, 'm1').status).toBe('unknown');
});

test.each<[CredentialSeen, string]>([
  [{ kind: 'token' }, 'the token'],
  [{ kind: 'plugin', command: 'aws' }, 'the credential from aws'],
])('a rejected %o is called by its kind and gets no certificate renewed', (credential, words) => {
  const world = holding(credential, everywhere(401));
  const verdict = asFail(world.verdict(rule, 'm1'));
  expect(verdict.facts['credential']).toBe(words);
  expect(fixesOf(rule, world, verdict)).toHaveLength(1);
});

test('a kubelet that is refused by the API server beside it, as we are, is no finding of its own', () => {
  const silent = login('m2', 401).set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.map((node) => (node.name === 'm2' ? { ...node, ready: 'Unknown' as const } : node)),
  }));
  expect(judgeAgain(silent.evidence).findings.map((finding) => finding.cause.rule)).toEqual(['api-credential-rejected']);
  const byToken = holding({ kind: 'token' }, silent);
  expect(judgeAgain(byToken.evidence).findings).toHaveLength(2);
});
