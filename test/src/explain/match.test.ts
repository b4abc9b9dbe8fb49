// Do error texts from real logs lead to the right rule and the right question?
import { describe, expect, test } from 'vitest';
import { knownErrors } from '../../../src/explain/known-errors.ts';
import { matchError, similarRules } from '../../../src/explain/match.ts';
import { catalogue } from '../../../src/pipeline/catalogue.ts';

const leadsTo = (text: string) => matchError(text, catalogue)?.rules.map((rule) => rule.id) ?? [];

test.each([
  ['Error from server: etcdserver: no leader', 'etcd-quorum-lost', 'etcd'],
  ['etcdserver: mvcc: database space exceeded', 'etcd-alarm-nospace', 'etcd'],
  [
    'tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026',
    'cert-leaf-expired',
    'clocks',
  ],
  ['dial tcp 10.0.0.1:6443: connect: connection refused', 'api-lb-unreachable', 'api'],
  ['The connection to the server 10.0.0.1:8443 was refused - did you specify the right host or port?', 'api-lb-unreachable', 'api'],
  ['leader election lost', 'le-lease-expired', 'leases'],
  ['error: You must be logged in to the server (Unauthorized)', 'api-credential-rejected', 'gate'],
  ['net/http: TLS handshake timeout', 'api-master-unreachable', 'api'],
])('%s', (text, rule, branch) => {
  expect(leadsTo(text)).toContain(rule);
  expect(matchError(text, catalogue)?.question?.branch).toBe(branch);
});

test('letters of any case and broken lines are the same text', () => {
  expect(leadsTo('ETCDSERVER:\n  no leader')).toEqual(leadsTo('etcdserver: no leader'));
});

test('what nobody knows leads nowhere', () => {
  for (const text of ['', 'e', 'the', 'a perfectly fine day']) expect(matchError(text, catalogue)).toBeUndefined();
});

test('every text the rules themselves name leads to them', () => {
  for (const rule of catalogue.rules) for (const text of rule.errors ?? []) expect(leadsTo(text), `${rule.id}: ${text}`).toContain(rule.id);
});

describe('the list of known errors', () => {
  test('names every text once', () => {
    const texts = knownErrors.flatMap((known) => known.texts.map((text) => text.toLowerCase()));
    expect(new Set(texts).size).toBe(texts.length);
  });

  test.each(knownErrors.map((known) => [known.texts[0] ?? '', known] as const))('%s leads to a rule there is', (text, known) => {
    expect(leadsTo(text)).not.toEqual([]);
    for (const id of known.rules) expect(catalogue.rules.map((rule) => rule.id)).toContain(id);
  });
});

test('a misspelt rule is recognised', () => {
  expect(similarRules('etcd-quorum-missing', catalogue)[0]).toBe('etcd-quorum-lost');
  expect(similarRules('zzz', catalogue)).toEqual([]);
});
