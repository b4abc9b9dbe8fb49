// Is a certificate of another authority found by its signature, whatever name that authority bears?
import { expect, test } from 'vitest';
import rule from '../../../rules/certificates/cert-chain-invalid.ts';
import type { Trust } from '../../../src/model/network.ts';
import { authorityFile, file, serves, showsOn, withFiles } from '../../kit/certificates.ts';
import { fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { madeBy, makers } from '../../kit/makers.ts';
import { plansFor } from '../../kit/plans.ts';
import { asFail, healthyWorld, type World } from '../../kit/world.ts';

const stranger: Trust = { kind: 'untrusted', why: 'unknown-authority', detail: 'signed by “CN=kubernetes”' };

function etcdTrusts(trust: Trust, node = 'm2', world = healthyWorld()): World {
  return world.set('etcd.client-port', node, (old) => ({ ...old, trust }));
}

test('what a healthy API server serves passes; etcd’s cannot be judged without an authority', () => {
  expect(healthyWorld().verdict(rule, 'm2/apiserver').status).toBe('pass');
  expect(healthyWorld().verdict(rule, 'm2/etcd-server')).toMatchObject({ status: 'unknown', gaps: [{ howToGet: '--etcd-cacert <file>' }] });
  expect(etcdTrusts({ kind: 'trusted' }).verdict(rule, 'm2/etcd-server').status).toBe('pass');
});

test('a leaf of another authority with the same name fails, with the key that signed it', () => {
  const world = serves('m3', { authorityKeyId: 'bb02bb02' }, healthyWorld(), stranger);
  const verdict = asFail(world.verdict(rule, 'm3/apiserver'));
  expect(verdict).toMatchObject({
    severity: 'critical',
    reason: 'signature',
    group: 'apiserver',
    facts: { issuer: 'CN=kubernetes', keyId: 'bb02bb02' },
  });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict).flatMap((fix) => fix.run)).toContainEqual(
    expect.stringMatching(/^kubeadm init phase certs apiserver --config \/etc\/kubernetes\.new-\d+\/kubeadm\.yaml$/),
  );
  const effect = { ...verdict, rule: 'api-master-unreachable' as const, reason: 'untrusted' };
  expect(gateOf(rule, world, verdict, effect)[0]).toBe('yes');
});

test('an end or a wrong name is another rule’s', () => {
  for (const why of ['expired', 'wrong-name'] as const)
    expect(serves('m2', {}, healthyWorld(), { kind: 'untrusted', why, detail: '' }).verdict(rule, 'm2/apiserver').status).toBe('pass');
});

test('an etcd member’s is judged by the authority that was named', () => {
  const world = etcdTrusts(stranger);
  expect(asFail(world.verdict(rule, 'm2/etcd-server'))).toMatchObject({
    reason: 'signature',
    facts: { words: 'is not signed by the etcd authority' },
  });
});

/** What each member shows its peers, judged by the authority that is known. */
function peersTrust(trusts: Readonly<Record<string, Trust>>, authoritiesOf?: 'peers'): World {
  const world = healthyWorld();
  for (const [node, trust] of Object.entries(trusts))
    world.set('etcd.peer-port', node, (old) => ({ ...old, trust, ...(authoritiesOf && { authoritiesOf }) }));
  return world;
}

const allStrangers = { m1: stranger, m2: stranger, m3: stranger };

test('peers may have an authority of their own: the one of clients that signed none of them tells nothing', () => {
  const world = peersTrust(allStrangers);
  for (const node of ['m1', 'm2', 'm3']) world.set('etcd.client-port', node, (old) => ({ ...old, trust: { kind: 'trusted' } }));
  for (const node of ['m1', 'm2', 'm3']) {
    expect(world.verdict(rule, `${node}/etcd-server`).status).toBe('pass');
    expect(world.verdict(rule, `${node}/etcd-peer`)).toMatchObject({
      status: 'unknown',
      gaps: [{ detail: expect.stringContaining('of their own'), howToGet: 'run ha-doctor on a machine of etcd, as root' }],
    });
  }
});

test('once it signed what another member shows its peers, the odd one fails', () => {
  const world = peersTrust({ m1: { kind: 'trusted' }, m2: stranger, m3: { kind: 'trusted' } });
  expect(asFail(world.verdict(rule, 'm2/etcd-peer'))).toMatchObject({ reason: 'signature', severity: 'critical' });
  expect(world.verdict(rule, 'm1/etcd-peer').status).toBe('pass');
  const ended: Trust = { kind: 'untrusted', why: 'expired', detail: '' };
  expect(asFail(peersTrust({ m1: ended, m2: stranger }).verdict(rule, 'm2/etcd-peer')).reason).toBe('signature');
});

test('where files tell what members check one another with, even all of them may be strangers', () => {
  const world = peersTrust(allStrangers, 'peers');
  for (const node of ['m1', 'm2', 'm3']) expect(asFail(world.verdict(rule, `${node}/etcd-peer`)).reason).toBe('signature');
});

test('on RKE2 the authority is looked at where that keeps it', () => {
  const [, [, version, osImage] = ['', '', '']] = makers;
  const evidence = madeBy(peersTrust(allStrangers, 'peers').evidence, version, osImage);
  const fixes = plansFor(evidence).find((plan) => plan.rule === rule.id)?.fixes ?? [];
  expect(fixes[0]?.run[1]).toMatch(/^openssl x509 -in \/var\/lib\/rancher\/rke2\/server\/tls\/etcd\/peer-ca\.crt /);
});

test('one that may not be used as its role needs fails: a peer is a server and a client', () => {
  const world = showsOn('etcd.peer-port', 'm2', { usages: ['server'] });
  expect(asFail(world.verdict(rule, 'm2/etcd-peer'))).toMatchObject({ reason: 'usage', facts: { words: 'may not be used as client' } });
  expect(
    etcdTrusts({ kind: 'trusted' })
      .set('etcd.client-port', 'm2', (old) => ({ ...old, chain: old.chain.map((leaf) => ({ ...leaf, usages: [] })) }))
      .verdict(rule, 'm2/etcd-server').status,
  ).toBe('pass');
});

test('a file is held against the authorities beside it', () => {
  const ca = authorityFile('etcd-ca', 'good');
  const signed = file('apiserver-etcd-client', { usages: ['client'] }, { signedBy: [ca.certificate.sha256] });
  const foreign = file('apiserver-etcd-client', { usages: ['client'] }, { signedBy: [] });
  expect(withFiles({ certificates: [ca, signed] }).verdict(rule, 'm2/apiserver-etcd-client').status).toBe('pass');
  expect(asFail(withFiles({ certificates: [ca, foreign] }).verdict(rule, 'm2/apiserver-etcd-client')).reason).toBe('signature');
  expect(withFiles({ certificates: [foreign] }).verdict(rule, 'm2/apiserver-etcd-client').status).toBe('unknown');
});

test('what nobody saw is unknown, and what a kubelet signed itself is not judged', () => {
  expect(healthyWorld().missing('api.ready', 'm2').missing('lb.tries').verdict(rule, 'm2/apiserver').status).toBe('unknown');
  expect(
    healthyWorld()
      .judge(rule)
      .map((verdict) => verdict.subject.id),
  ).not.toContain('m2/kubelet-serving');
});
