// Is a request for a certificate that nobody grants found, and by its age?
import { expect, test } from 'vitest';
import requests from '../../../rules/certificates/cert-csr-stuck.ts';
import type { AskedFor, SigningRequest } from '../../../src/model/kubernetes.ts';
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

const asks = (change: Partial<Exclude<AskedFor, { broken: string }>> = {}): AskedFor => ({
  subject: 'O=system:nodes, CN=system:node:m2',
  commonNames: ['system:node:m2'],
  organisations: ['system:nodes'],
  names: ['m2'],
  addresses: ['10.89.0.12'],
  others: [],
  ...change,
});
const client = 'kubernetes.io/kube-apiserver-client-kubelet';
const login = asks({ names: [], addresses: [] });
const approve = 'kubectl certificate approve csr-1';

function planned(world: World) {
  const verdict = asFail(world.verdict(requests, world.judge(requests)[0]?.subject.name ?? ''));
  const fixes = fixesOf(requests, world, verdict);
  return { verdict, fixes, approval: fixes.find(({ run }) => run.includes(approve)), commands: fixes.flatMap(({ run }) => run) };
}

test('what it asks for is shown before it is approved, and that all of it is the node’s own', () => {
  const { verdict, fixes, approval } = planned(asked({ asks: asks() }));
  expect(unfilled(requests, verdict)).toEqual([]);
  expect(JSON.stringify(verdict.facts['asked'])).toContain('m2, 10.89.0.12');
  expect(JSON.stringify(fixes[0]?.do)).toContain('system:node:m2');
  expect(fixes[1]).toBe(approval);
  expect(approval?.needs[0]?.met).toBe('yes');
  const named = asked({ asks: asks({ names: ['M2', 'm2.example.org'], addresses: ['FD00:0::12'] }) }).set(
    'kube.nodes',
    undefined,
    (old) => ({
      ...old,
      nodes: old.nodes.map((node) =>
        node.name === 'm2' ? { ...node, externalAddresses: ['fd00::12'], hostNames: ['m2.example.org'] } : node,
      ),
    }),
  );
  expect(planned(named).approval?.needs[0]?.met).toBe('yes');
});

test.each<[string, Partial<SigningRequest>, RegExp]>([
  ['an address of another node', { asks: asks({ addresses: ['10.89.0.11'] }) }, /10\.89\.0\.11/],
  ['a name that is not the node’s', { asks: asks({ names: ['m2', 'kubernetes.default.svc'] }) }, /kubernetes\.default\.svc/],
  ['no name at all', { asks: login }, /no name/],
  ['a URI', { asks: asks({ others: ['URI:spiffe://x'] }) }, /spiffe/],
  ['the subject of another node', { asks: asks({ commonNames: ['system:node:m1'] }) }, /system:node:m1/],
  ['two subjects', { asks: asks({ commonNames: ['system:node:m2', 'admin'] }) }, /not that of a node/],
  ['rights beyond a node’s', { asks: asks({ organisations: ['system:nodes', 'system:masters'] }) }, /system:masters/],
  [
    'the rights of all, by another signer',
    { signer: 'kubernetes.io/kube-apiserver-client', asks: asks({ organisations: ['system:masters'] }) },
    /system:masters/,
  ],
  [
    'a node that there is not',
    { requester: 'system:node:m9', asks: asks({ commonNames: ['system:node:m9'], names: ['m9'] }) },
    /no node m9/,
  ],
  ['another node’s login', { signer: client, asks: { ...login, commonNames: ['system:node:m1'] } }, /system:node:m1/],
  ['a login with names', { signer: client, asks: asks() }, /bears no names/],
  [
    'a bootstrap token for somebody who is no node',
    { signer: client, requester: 'system:bootstrap:abc', asks: { ...login, commonNames: ['admin'] } },
    /not that of a node/,
  ],
])('%s is never to be approved', (_what, change, why) => {
  const { verdict, approval, commands, fixes } = planned(asked(change));
  expect(approval).toBeUndefined();
  expect(commands).toContain('kubectl certificate deny csr-1');
  expect(JSON.stringify(verdict.facts['foreign'])).toMatch(why);
  expect(JSON.stringify(fixes[1]?.do)).toMatch(why);
});

test.each<[string, Partial<SigningRequest>]>([
  ['was not read', {}],
  ['cannot be read', { asks: { broken: 'it is no request that could be read' } }],
  [
    'is for a signer whose rules nobody knows',
    { signer: 'kubernetes.io/kube-apiserver-client', asks: asks({ organisations: [], commonNames: ['ci'] }) },
  ],
  ['is a new node’s first', { signer: client, requester: 'system:bootstrap:abc', asks: login }],
])('where what it asks for %s, somebody has to compare', (_what, change) => {
  expect(planned(asked(change)).approval?.needs[0]?.met).toBe('unknown');
});

test('what nobody read is not shown as if it had been', () => {
  expect(planned(asked({})).verdict.facts).toMatchObject({ asked: '' });
  expect(planned(asked({})).fixes[0]?.do).toBe('See who asks, and for which names');
  const broken = planned(asked({ asks: { broken: 'it asks for 101 names' } }));
  expect(JSON.stringify(broken.verdict.facts['asked'])).toContain('it asks for 101 names');
});

test('without the list of nodes nobody can say whose the names are', () => {
  const world = asked({ asks: asks({ addresses: ['10.89.0.99'] }) }).missing('kube.nodes');
  expect(planned(world).approval?.needs[0]?.met).toBe('unknown');
});

test('machines that join with one token are told apart by what they ask for', () => {
  const join = (node: string, change: Partial<SigningRequest>): SigningRequest => ({
    name: `csr-${node}`,
    signer: client,
    requester: 'system:bootstrap:abcdef',
    state: 'pending',
    createdAt: now - 60 * minute,
    message: '',
    asks: asks({ names: [], addresses: [], commonNames: [`system:node:${node}`] }),
    ...change,
  });
  const world = (...all: readonly SigningRequest[]): World =>
    healthyWorld().set('kube.signing-requests', undefined, (old) => ({ ...old, requests: all }));
  const later = { state: 'issued', createdAt: now - 30 * minute } as const;
  const waits = world(join('w8', {}), join('w9', later));
  const verdict = asFail(waits.verdict(requests, 'system:node:w8'));
  expect(verdict).toMatchObject({ reason: 'pending', facts: { request: 'csr-w8' } });
  expect(String(verdict.facts['asker'])).toBe('system:bootstrap:abcdef for system:node:w8');
  expect(unfilled(requests, verdict)).toEqual([]);
  expect(world(join('w8', {}), join('w8', { ...later, name: 'again' })).verdict(requests, 'cluster').status).toBe('pass');
  const both = world(join('w8', {}), join('w9', {})).judge(requests);
  expect(both.map(({ status, subject }) => [status, subject.name])).toEqual([
    ['fail', 'system:node:w8'],
    ['fail', 'system:node:w9'],
  ]);
});

test('where nobody read for whom a token’s request was granted, it ends the wait of no machine that is known', () => {
  const token = { signer: client, requester: 'system:bootstrap:abc' };
  const waits = asked({ ...token, asks: login }, { ...token, name: 'csr-w9', state: 'issued', createdAt: now, message: '' });
  expect(asFail(waits.verdict(requests, 'system:node:m2')).facts).toMatchObject({ request: 'csr-1' });
  const unread = asked(token, { ...token, name: 'csr-w9', state: 'issued', createdAt: now, message: '' });
  expect(asFail(unread.verdict(requests, token.requester)).facts).toMatchObject({ request: 'csr-1' });
});

test('a login of a node’s own is its own; what is decided already is not said again', () => {
  expect(planned(asked({ signer: client, asks: login })).approval?.needs[0]?.met).toBe('yes');
  expect(planned(asked({ state: 'failed', asks: asks() })).verdict.facts).toMatchObject({ asked: '', foreign: '' });
});
