// Is the API server found that accepts other tokens, and who signs what it does not accept?
import { expect, test } from 'vitest';
import tokens from '../../../rules/certificates/cert-sa-key-mismatch.ts';
import { keyFile, withFiles } from '../../kit/certificates.ts';
import { fixesOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld } from '../../kit/world.ts';

const holds = (node: string, ...keys: readonly string[]) => healthyWorld().set('api.token-keys', node, { keys });

test('equal everywhere passes', () => {
  for (const verdict of healthyWorld().judge(tokens)) expect(verdict.status).toBe('pass');
});

test('the master with another key is the odd one; old and new together are a note', () => {
  const world = holds('m3', 'key-9');
  const verdict = asFail(world.verdict(tokens, 'm3'));
  expect(verdict).toMatchObject({ severity: 'critical', reason: 'differs', facts: { others: 'm1, m2', own: 'key-9', theirs: 'key-1' } });
  expect(unfilled(tokens, verdict)).toEqual([]);
  expect(fixesOf(tokens, world, verdict)[1]?.run[1]).toMatch(/root@m1:\/etc\/kubernetes\/pki\/sa\.key .* \/etc\/kubernetes\.new-\d+\/$/);
  expect(world.verdict(tokens, 'm1').status).toBe('pass');
  expect(asFail(holds('m3', 'key-1', 'key-9').verdict(tokens, 'm3'))).toMatchObject({ severity: 'info', reason: 'rotation' });
});

test('a machine that signs with a key the API servers do not hold', () => {
  const sa = [keyFile('sa'), keyFile('sa', { path: '/etc/kubernetes/pki/sa.pub', isPublic: true })];
  // base64url of 32 bytes 0xab, as kube-apiserver would name that key.
  const id = Buffer.from('ab'.repeat(32), 'hex').toString('base64url');
  const world = withFiles({ keys: sa });
  const verdict = asFail(world.verdict(tokens, 'm2'));
  expect(verdict).toMatchObject({ reason: 'signer', facts: { own: 'key-1', others: 'm1, m3' } });
  expect(String(verdict.facts['signing'])).toBe(`m2 signs tokens with ${id}, not accepted by m2, m1, m3`);
  expect(unfilled(tokens, verdict)).toEqual([]);
  expect(fixesOf(tokens, world, verdict)[1]?.run[1]).toContain('root@m1:');
  for (const node of ['m1', 'm3']) expect(world.verdict(tokens, node).status).toBe('pass');
  for (const node of ['m1', 'm2', 'm3']) world.set('api.token-keys', node, { keys: [id] });
  for (const verdict of world.judge(tokens)) expect(verdict.status).toBe('pass');
});

test('the odd master is told, not those that refuse what it signs', () => {
  const sa = [keyFile('sa'), keyFile('sa', { path: '/etc/kubernetes/pki/sa.pub', isPublic: true })];
  const id = Buffer.from('ab'.repeat(32), 'hex').toString('base64url');
  const world = withFiles({ keys: sa }).set('api.token-keys', 'm2', { keys: [id] });
  const verdict = asFail(world.verdict(tokens, 'm2'));
  expect(verdict).toMatchObject({ reason: 'differs', facts: { others: 'm1, m3' } });
  expect(String(verdict.facts['signing'])).toContain('not accepted by m1, m3');
  for (const node of ['m1', 'm3']) expect(world.verdict(tokens, node).status).toBe('pass');
});

test('where as many differ as agree, nobody’s keys are brought to anybody', () => {
  const world = holds('m3', 'key-9').missing('api.token-keys', 'm2');
  for (const node of ['m1', 'm3']) {
    const verdict = asFail(world.verdict(tokens, node));
    expect(verdict).toMatchObject({ severity: 'critical', reason: 'undecided' });
    expect(fixesOf(tokens, world, verdict).map(({ risk }) => risk)).toEqual(['none']);
  }
});

test('a master nobody could ask is unknown', () => {
  expect(healthyWorld().missing('api.token-keys', 'm2').verdict(tokens, 'm2').status).toBe('unknown');
  expect(healthyWorld().missing('api.token-keys', 'm2').verdict(tokens, 'm1').status).toBe('unknown');
});
