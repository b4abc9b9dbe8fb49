// Is a request for a certificate that nobody grants found, and by its age?
import { expect, test } from 'vitest';
import requests from '../../../rules/certificates/cert-csr-stuck.ts';
import type { SigningRequest } from '../../../src/model/kubernetes.ts';
import { fixesOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld, now, type World } from '../../kit/world.ts';

const minute = 60_000;
const asked = (change: Partial<SigningRequest>, ...more: readonly SigningRequest[]): World =>
  healthyWorld().set('kube.signing-requests', undefined, (old) => ({
    ...old,
    requests: [
      {
        name: 'csr-1',
        signer: 'kubernetes.io/kubelet-serving',
        requester: 'system:node:m2',
        state: 'pending',
        createdAt: now - 20 * minute,
        message: '',
        ...change,
      },
      ...more,
    ],
  }));

test('no request, an issued one and a young one pass', () => {
  expect(healthyWorld().verdict(requests, 'cluster').status).toBe('pass');
  expect(asked({ state: 'issued' }).verdict(requests, 'cluster').status).toBe('pass');
  expect(asked({ createdAt: now - 5 * minute }).verdict(requests, 'm2').status).toBe('pass');
});

test.each<[string, Partial<SigningRequest>, string]>([
  ['pending for twenty minutes', {}, 'pending'],
  ['approved and not signed', { state: 'approved', decidedAt: now - 6 * minute }, 'unsigned'],
  ['denied', { state: 'denied', message: 'no' }, 'denied'],
  ['failed', { state: 'failed' }, 'failed'],
])('%s', (_name, change, reason) => {
  const world = asked(change);
  const verdict = asFail(world.verdict(requests, 'm2'));
  expect(verdict).toMatchObject({ severity: 'warning', reason });
  expect(verdict.subject.keys).toMatchObject({ node: 'm2' });
  expect(unfilled(requests, verdict)).toEqual([]);
  const commands = fixesOf(requests, world, verdict).flatMap((fix) => fix.run);
  expect(commands.includes('kubectl certificate approve csr-1')).toBe(reason === 'pending');
});

test('of several that wait the oldest tells since when; one granted later ends the wait', () => {
  const base = { signer: 'kubernetes.io/kubelet-serving', requester: 'system:node:m2', message: '' } as const;
  const again = { ...base, name: 'csr-2', state: 'pending', createdAt: now - minute } as const;
  expect(asFail(asked({}, again).verdict(requests, 'm2')).facts).toMatchObject({ request: 'csr-1' });
  expect(asked({}, { ...again, state: 'issued' }).verdict(requests, 'cluster').status).toBe('pass');
});

test('without the right to list them it is unknown', () => {
  expect(healthyWorld().missing('kube.signing-requests').judge(requests)).toMatchObject([{ status: 'unknown' }]);
});
