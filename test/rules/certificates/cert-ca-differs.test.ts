// Is the machine found that has another authority than the rest?
import { expect, test } from 'vitest';
import rule from '../../../rules/certificates/cert-ca-differs.ts';
import { serves, showsOn } from '../../kit/certificates.ts';
import { fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld } from '../../kit/world.ts';

test('a healthy cluster passes', () => {
  for (const verdict of healthyWorld().judge(rule)) expect(verdict.status).toBe('pass');
});

test('an etcd member whose certificates another key signed is the odd one', () => {
  const world = showsOn('etcd.peer-port', 'm3', { authorityKeyId: 'ffff' }, showsOn('etcd.client-port', 'm3', { authorityKeyId: 'ffff' }));
  const verdict = asFail(world.verdict(rule, 'm3/etcd-ca'));
  expect(verdict).toMatchObject({
    reason: 'served',
    group: 'etcd-ca',
    witness: 'stated',
    facts: { others: 'm1, m2', own: 'ffff', theirs: 'bda486b1' },
  });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(world.verdict(rule, 'm1/etcd-ca').status).toBe('pass');
  expect(fixesOf(rule, world, verdict).map((fix) => fix.risk)).toEqual(['none', 'low', 'high']);
  expect(gateOf(rule, world, verdict, { ...verdict, rule: 'etcd-partition' })).toEqual(['yes']);
});

test('of two that differ neither is told to take the authority of the other', () => {
  const odd = showsOn('etcd.peer-port', 'm3', { authorityKeyId: 'ffff' }, showsOn('etcd.client-port', 'm3', { authorityKeyId: 'ffff' }));
  const world = odd.missing('etcd.client-port', 'm2').missing('etcd.peer-port', 'm2');
  for (const node of ['m1', 'm3']) {
    const verdict = asFail(world.verdict(rule, `${node}/etcd-ca`));
    expect(verdict.facts).toMatchObject({ side: 'even' });
    expect(fixesOf(rule, world, verdict).map((fix) => fix.risk)).toEqual(['none']);
  }
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
