// Is a member’s certificate held against the addresses by which it is dialled?
import { expect, test } from 'vitest';
import etcd from '../../../rules/certificates/cert-etcd-san.ts';
import { showsOn } from '../../kit/certificates.ts';
import { fixesOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld } from '../../kit/world.ts';

test('a healthy cluster passes', () => {
  for (const verdict of healthyWorld().judge(etcd)) expect(verdict.status).toBe('pass');
});

test('a peer’s without its own address, a server’s without the loopback that its API server dials', () => {
  const peer = showsOn('etcd.peer-port', 'm2', { addresses: ['127.0.0.1'] });
  expect(asFail(peer.verdict(etcd, 'm2/etcd-peer'))).toMatchObject({ reason: 'peer', facts: { missing: '10.89.0.12' } });
  const server = showsOn('etcd.client-port', 'm2', { addresses: ['10.89.0.12'] });
  const verdict = asFail(server.verdict(etcd, 'm2/etcd-server'));
  expect(verdict).toMatchObject({ reason: 'client', facts: { missing: '127.0.0.1', dialled: '10.89.0.12, 127.0.0.1' } });
  expect(unfilled(etcd, verdict)).toEqual([]);
  expect(fixesOf(etcd, server, verdict)[0]?.run).toContainEqual(
    expect.stringMatching(
      /^openssl verify -CAfile \S+\/pki\/etcd\/ca\.crt \S+\/pki\/etcd\/server\.crt && .* && mv -f .* \/etc\/kubernetes\/pki\/etcd\/$/,
    ),
  );
});

test('an address in the list that its machine does not have asks nothing of the certificate', () => {
  const world = healthyWorld();
  for (const node of ['m1', 'm2', 'm3']) {
    world.set('etcd.members', node, (old) => {
      if (old.kind !== 'answered') throw new Error('the old list was no answer');
      return { ...old, members: old.members.map((one) => (one.name === 'm2' ? { ...one, peerUrls: ['https://10.89.0.99:2380'] } : one)) };
    });
  }
  expect(world.verdict(etcd, 'm2/etcd-peer').status).toBe('unknown');
});

test('without the list of members, or without a certificate, it is unknown', () => {
  expect(healthyWorld().missing('etcd.members').verdict(etcd, 'm2/etcd-peer').status).toBe('unknown');
  expect(healthyWorld().missing('etcd.client-port', 'm2').verdict(etcd, 'm2/etcd-server').status).toBe('unknown');
});
