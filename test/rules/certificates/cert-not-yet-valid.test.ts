// Is a certificate of the future found, by the servers' clocks?
import { expect, test } from 'vitest';
import rule from '../../../rules/certificates/cert-not-yet-valid.ts';
import { day, file, iso, serves, showsOn, withFiles } from '../../kit/certificates.ts';
import { fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { answered, asFail, certificate, healthyWorld, now } from '../../kit/world.ts';

const future = { notBefore: iso(now + day) };

test('a healthy cluster passes', () => {
  for (const verdict of healthyWorld().judge(rule)) expect(verdict.status).toBe('pass');
});

test('a served one of tomorrow is critical, and the clock is looked at before it is made again', () => {
  const world = serves('m1', future, healthyWorld(), { kind: 'untrusted', why: 'not-yet-valid', detail: '' });
  const verdict = asFail(world.verdict(rule, 'm1/apiserver'));
  expect(verdict).toMatchObject({ severity: 'critical', group: 'apiserver', witness: 'stated', facts: { ahead: '24 h' } });
  expect(unfilled(rule, verdict)).toEqual([]);
  const [clock, ...renewal] = fixesOf(rule, world, verdict);
  expect(clock?.run).toContain('timedatectl');
  expect(renewal.flatMap((fix) => fix.run)).toContainEqual(expect.stringMatching(/&& kubeadm certs renew apiserver$/));
  expect(world.verdict(rule, 'm2/apiserver').status).toBe('pass');
});

test('a file counts as well', () => {
  expect(
    asFail(withFiles({ certificates: [file('apiserver-etcd-client', future)] }).verdict(rule, 'm2/apiserver-etcd-client')).facts,
  ).toMatchObject({
    kind: 'file',
  });
});

test('an operator whose clock is a day behind sees nothing of the future', () => {
  const world = serves('m1', { notBefore: iso(now + day / 2) }).missing('etcd.clock');
  for (const node of ['m1', 'm2', 'm3'])
    world.set('api.ready', node, {
      tries: [answered(node, 200, 'ok', { chain: [certificate(node, { notBefore: iso(now + day / 2) })] }, now + day)],
    });
  for (const verdict of world.judge(rule)) expect(verdict.status).toBe('pass');
});

test('what the clocks leave open is unknown', () => {
  const coarse = serves('m1', { notBefore: iso(now + 100) }).missing('etcd.clock');
  expect(coarse.verdict(rule, 'm1/apiserver').status).toBe('unknown');
});

test('an API server’s reaches clients and its own kubelet, an etcd peer’s the other members', () => {
  const api = serves('m1', future);
  const verdict = asFail(api.verdict(rule, 'm1/apiserver'));
  const effect = {
    ...verdict,
    rule: 'ha-node-notready' as const,
    subject: { kind: 'node' as const, id: 'm1', name: 'm1', keys: { node: 'm1' } },
  };
  expect(gateOf(rule, api, verdict, effect)).toEqual(['yes', 'no']);
  const peer = showsOn('etcd.peer-port', 'm1', future);
  expect(gateOf(rule, peer, asFail(peer.verdict(rule, 'm1/etcd-peer')), { ...effect, rule: 'etcd-partition' })).toEqual(['yes']);
});

test('what nobody saw is unknown', () => {
  expect(healthyWorld().missing('etcd.peer-port', 'm2').verdict(rule, 'm2/etcd-peer').status).toBe('unknown');
});
