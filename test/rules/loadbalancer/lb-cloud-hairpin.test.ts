import { expect, test } from 'vitest';
import rule from '../../../rules/loadbalancer/lb-cloud-hairpin.ts';
import type { Try } from '../../../src/model/network.ts';
import { gateOf, shown, unfilled } from '../../kit/texts.ts';
import { answered, asFail, failedTries, healthyWorld, type World } from '../../kit/world.ts';

const lost = failedTries('m1', 'timeout')[0] as Try;

/** The tool runs on m2 and connects like this. */
function fromM2(...tries: readonly Try[]): World {
  return healthyWorld()
    .set('here.files', undefined, { node: 'm2', certificates: [], manifests: [], unreadable: [] })
    .set('lb.tries', undefined, { tries });
}
const hairpin = (): World => fromM2(lost, answered('m1', 200), answered('m3', 200), lost, answered('m1', 200), answered('m3', 200));

test('a third is lost, and never was m2 itself met', () => {
  const verdict = asFail(hairpin().verdict(rule, 'm2'));
  expect(verdict.subject.keys).toMatchObject({ node: 'm2', lb: '10.89.0.10:8443' });
  expect(shown(rule, verdict)).toEqual([
    '10.89.0.10:8443  2 of 6 connections from m2 timed out',
    'answered by m1, m3; m2 serves directly and was never met',
  ]);
  expect(unfilled(rule, verdict)).toEqual([]);
});

test('whoever meets itself has no hairpin; one lost packet is none either', () => {
  expect(fromM2(lost, lost, answered('m2', 200), answered('m1', 200)).verdict(rule, 'm2').status).toBe('pass');
  expect(fromM2(lost, answered('m1', 200), answered('m3', 200)).verdict(rule, 'm2').status).toBe('pass');
});

test('an API server that does not serve explains the loss', () => {
  expect(
    hairpin()
      .set('api.ready', 'm3', { tries: failedTries('m3', 'timeout') })
      .verdict(rule, 'm2').status,
  ).toBe('pass');
});

test('a kubelet with an API server of its own is not touched', () => {
  const cause = asFail(hairpin().verdict(rule, 'm2'));
  expect(gateOf(rule, hairpin(), cause, { ...cause, rule: 'ha-node-notready' })).toEqual(['no']);
});

test('from elsewhere it does not apply or cannot be told', () => {
  expect(
    hairpin()
      .drop('here.files')
      .judge(rule)
      .map((one) => one.status),
  ).toEqual(['unknown']);
  expect(hairpin().missing('lb.tries').verdict(rule, 'm2').status).toBe('unknown');
  expect(fromM2(lost, lost, lost).verdict(rule, 'm2').status).toBe('unknown');
});
