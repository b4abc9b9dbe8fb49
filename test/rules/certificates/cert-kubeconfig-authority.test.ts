// Is a kubeconfig of another authority told from API servers whose certificates are wrong?
import { expect, test } from 'vitest';
import rule from '../../../rules/certificates/cert-kubeconfig-authority.ts';
import type { Try } from '../../../src/model/network.ts';
import { authorityOf } from '../../kit/healthy.ts';
import { avoidOf, fixesOf, shown, unfilled } from '../../kit/texts.ts';
import { asFail, failedTries, healthyWorld, type World } from '../../kit/world.ts';
import { judgeAgain } from '../../laws/recordings.ts';

const masters = ['m1', 'm2', 'm3'] as const;
const other = { ...authorityOf('kubernetes'), keyId: '77aa' };
const refused = (one: Try): Try => ({ ...one, trust: { kind: 'untrusted', why: 'unknown-authority', detail: 'unknown issuer' } });

/** What these API servers show is refused by what the kubeconfig holds; nothing can be read with it where all are. */
function odd(nodes: readonly string[], world = healthyWorld()): World {
  for (const node of nodes) {
    world.set('api.ready', node, ({ tries }) => ({ tries: tries.map(refused), authorities: [other] }));
    world.set('api.credential', node, { last: { ...failedTries(node, 'tls')[0], connected: true } as Try });
    for (const id of ['api.release', 'api.token-keys', 'api.leases', 'api.metrics'] as const) world.missing(id, node);
  }
  return nodes.length < masters.length ? world : world.set('lb.tries', undefined, ({ tries }) => ({ tries: tries.map(refused) }));
}

test('a kubeconfig that holds the authority passes', () => {
  expect(healthyWorld().verdict(rule, 'you').status).toBe('pass');
});

test('a kubeconfig that is trusted at its own address is right, whatever API servers show at theirs', () => {
  const trusted = healthyWorld().evidence.items.find(({ id }) => id === 'lb.tries');
  const world = odd(masters).set('lb.tries', undefined, (old) => (trusted?.state === 'known' ? (trusted.value as typeof old) : old));
  expect(world.verdict(rule, 'you').status).toBe('pass');
});

test('all API servers agree on another one: the kubeconfig is the odd one, and no certificate is to be made anew', () => {
  const world = odd(masters);
  const verdict = asFail(world.verdict(rule, 'you'));
  expect(verdict).toMatchObject({ reason: 'other', severity: 'critical', witness: 'stated' });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(shown(rule, verdict)[1]).toContain('key 77aa');
  expect(fixesOf(rule, world, verdict).map((fix) => [fix.where, fix.risk])).toEqual([
    ['here', 'none'],
    ['here', 'low'],
  ]);
  expect(avoidOf(rule, world, verdict)).toHaveLength(1);
});

test('it is the one finding, and no API server is called down for it', () => {
  const { findings, verdicts } = judgeAgain(odd(masters).evidence);
  expect(findings.map((finding) => [finding.cause.rule, finding.effects.map((effect) => effect.rule)])).toEqual([
    ['cert-kubeconfig-authority', ['api-lb-unreachable']],
  ]);
  const failed = verdicts.filter((verdict) => verdict.status === 'fail').map((verdict) => verdict.rule);
  expect(failed).not.toContain('api-all-masters-down');
  expect(failed).not.toContain('cert-chain-invalid');
});

test('one that is trusted, or signed by another key, shows that the others are odd', () => {
  expect(odd(['m2', 'm3']).verdict(rule, 'you').status).toBe('pass');
  const differing = odd(masters).set('api.ready', 'm3', (old) => ({
    ...old,
    tries: old.tries.map((one) => ({ ...one, chain: one.chain.map((leaf) => ({ ...leaf, authorityKeyId: 'bb' })) })),
  }));
  expect(differing.verdict(rule, 'you').status).toBe('pass');
  expect(judgeAgain(odd(['m3']).evidence).findings[0]?.cause.rule).toBe('cert-chain-invalid');
});

test('without what the API servers show it is unknown', () => {
  expect(healthyWorld().missing('api.ready').verdict(rule, 'you').status).toBe('unknown');
  expect(healthyWorld().missing('operator.kubeconfig').verdict(rule, 'you').status).toBe('unknown');
});
