// Is the machine found that has another authority than the rest?
import { expect, test } from 'vitest';
import rule from '../../../rules/certificates/cert-ca-differs.ts';
import { fill } from '../../../src/explain/template.ts';
import { judgeAll } from '../../../src/judge/judge.ts';
import { buildTopology } from '../../../src/judge/topology/build.ts';
import { authorityFile, fileSet, serves, showsOn } from '../../kit/certificates.ts';
import { madeBy, makers } from '../../kit/makers.ts';
import { fixesOf, gateOf, shown, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld, type World } from '../../kit/world.ts';

test('a healthy cluster passes', () => {
  for (const verdict of healthyWorld().judge(rule)) expect(verdict.status).toBe('pass');
});

/** By machine, the tags of the authorities in its files. */
function holding(role: 'ca' | 'etcd-ca', tags: Readonly<Record<string, readonly string[]>>, world = healthyWorld()): World {
  const sets = Object.entries(tags).map(([node, own]) => fileSet(node, { certificates: own.map((tag) => authorityFile(role, tag)) }));
  return world.set('here.pki', undefined, { sets });
}

/** Nobody named an authority of etcd; this member shows what another key signed. */
const signedAnew = (world = healthyWorld()): World =>
  showsOn('etcd.peer-port', 'm3', { authorityKeyId: 'ffff' }, showsOn('etcd.client-port', 'm3', { authorityKeyId: 'ffff' }, world));

test('a machine whose files hold another authority than most is the odd one, and takes theirs', () => {
  const world = holding('etcd-ca', { m1: ['a'], m2: ['a'], m3: ['b'] });
  const verdict = asFail(world.verdict(rule, 'm3/etcd-ca'));
  expect(verdict).toMatchObject({
    severity: 'critical',
    reason: 'files',
    group: 'etcd-ca',
    witness: 'stated',
    facts: { others: 'm1, m2', from: 'm1', own: 'bccccccccccccccc', theirs: 'accccccccccccccc' },
  });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fill(rule.title, verdict.facts)).toBe('m3 has another etcd authority than m1, m2');
  expect(world.verdict(rule, 'm1/etcd-ca').status).toBe('pass');
  expect(fixesOf(rule, world, verdict).map((fix) => fix.risk)).toEqual(['none', 'low', 'high']);
  expect(gateOf(rule, world, verdict, { ...verdict, rule: 'etcd-partition' })).toEqual(['yes']);
});

test.each<[string, Readonly<Record<string, readonly string[]>>, Readonly<Record<string, string>>, string]>([
  ['two of three, and one holds both', { m1: ['old'], m2: ['old', 'new'], m3: ['new'] }, { m1: 'm3', m3: 'm1' }, 'm2'],
  ['two of two', { m1: ['old'], m3: ['new'] }, { m1: 'm3', m3: 'm1' }, ''],
  ['each of three', { m1: ['a'], m2: ['b'], m3: ['c'] }, { m1: 'm2, m3', m2: 'm1, m3', m3: 'm1, m2' }, ''],
])('that %s hold nothing in common is told of both, and nobody is to take anything', (_what, tags, told, bridge) => {
  const world = holding('ca', tags);
  const failing = world.judge(rule).filter(({ status, subject }) => status === 'fail' && subject.id.endsWith('/ca'));
  expect(Object.fromEntries(failing.map((one) => [one.subject.name, asFail(one).facts['others']]))).toEqual(told);
  for (const one of failing) {
    const verdict = asFail(one);
    expect(verdict).toMatchObject({ severity: 'critical', facts: { from: '', bridge } });
    expect(unfilled(rule, verdict)).toEqual([]);
    expect(fixesOf(rule, world, verdict).map((fix) => fix.risk)).toEqual(['none']);
  }
});

test('a machine that has gone too far in an exchange is the odd one, and is not told to go back', () => {
  const world = holding('ca', { m1: ['old'], m2: ['old'], m3: ['old', 'new'], m4: ['new'] });
  const verdict = asFail(world.verdict(rule, 'm4/ca'));
  expect(verdict.facts).toMatchObject({ others: 'm1, m2', from: '', bridge: 'm3' });
  const fixes = fixesOf(rule, world, verdict);
  expect(fixes.map((fix) => fix.risk)).toEqual(['none']);
  expect(String(fixes[0]?.do)).toContain('all hold both');
  expect(world.verdict(rule, 'm1/ca').status).toBe('pass');
});

test('where all hold both, who signed what is served does not matter', () => {
  const both = ['old', 'new'];
  expect(holding('etcd-ca', { m1: both, m2: both, m3: both }, signedAnew()).verdict(rule, 'm3/etcd-ca').status).toBe('pass');
});

test('what another key signed is a warning that says what would make it known, and nobody takes anything', () => {
  const world = signedAnew();
  const verdict = asFail(world.verdict(rule, 'm3/etcd-ca'));
  expect(verdict).toMatchObject({
    severity: 'warning',
    impact: 'at-risk',
    reason: 'served',
    group: 'etcd-ca',
    witness: 'measured',
    facts: { others: 'm1, m2', own: 'ffff', theirs: 'bda486b1' },
  });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fill(rule.title, verdict.facts)).toBe('m3 serves what is signed by another etcd authority than m1, m2');
  expect(shown(rule, verdict).at(-1)).toContain('--etcd-cacert');
  expect(world.verdict(rule, 'm1/etcd-ca').status).toBe('pass');
  expect(fixesOf(rule, world, verdict).map((fix) => fix.risk)).toEqual(['none']);
  for (const effect of ['etcd-partition', 'api-readyz-etcd'] as const)
    expect(gateOf(rule, world, verdict, { ...verdict, rule: effect })).toEqual(['unknown']);
});

test('files of one machine alone leave it at what is served', () => {
  const world = holding('etcd-ca', { m3: ['new'] }, signedAnew());
  expect(asFail(world.verdict(rule, 'm3/etcd-ca'))).toMatchObject({ severity: 'warning', reason: 'served' });
});

test('during a rotation clients hold both, and old and new leaves are alike', () => {
  expect(serves('m3', { authorityKeyId: 'new' }).verdict(rule, 'm3/ca').status).toBe('pass');
});

test('where clients refuse one leaf, whether its authority differs too is not known', () => {
  const world = serves('m3', { authorityKeyId: 'odd' }, healthyWorld(), { kind: 'untrusted', why: 'unknown-authority', detail: '' });
  expect(world.verdict(rule, 'm3/ca').status).toBe('unknown');
});

test('a machine nobody saw is unknown', () => {
  const world = healthyWorld().missing('etcd.client-port', 'm2').missing('etcd.peer-port', 'm2');
  expect(world.verdict(rule, 'm2/etcd-ca').status).toBe('unknown');
});

test('on RKE2, where peers have an authority of their own, a member that shows its peer port alone is not the odd one', () => {
  const world = healthyWorld().missing('etcd.client-port', 'm1');
  for (const node of ['m1', 'm2', 'm3']) showsOn('etcd.peer-port', node, { authorityKeyId: 'eeee' }, world);
  expect(world.verdict(rule, 'm1/etcd-ca').status).toBe('fail');
  const [, [, version, osImage] = ['', '', '']] = makers;
  const evidence = madeBy(world.evidence, version, osImage);
  const verdicts = judgeAll([rule], evidence, buildTopology(evidence)).filter(({ subject }) => subject.id.endsWith('/etcd-ca'));
  expect(verdicts.map(({ subject, status }) => [subject.name, status])).toEqual([
    ['m1', 'unknown'],
    ['m2', 'pass'],
    ['m3', 'pass'],
  ]);
});
