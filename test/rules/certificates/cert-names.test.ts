// Are certificates that miss a name clients use told from those that have it?
import { describe, expect, test } from 'vitest';
import etcd from '../../../rules/certificates/cert-etcd-san.ts';
import balancer from '../../../rules/certificates/cert-san-missing-lb.ts';
import required from '../../../rules/certificates/cert-san-missing-required.ts';
import { covers, firstServiceAddress } from '../../../src/judge/readings/certificate-names.ts';
import { serves, showsOn } from '../../kit/certificates.ts';
import { fixesOf, unfilled } from '../../kit/texts.ts';
import { asFail, certificate, healthyWorld } from '../../kit/world.ts';

describe('names', () => {
  const leaf = certificate('m1', { names: ['api.example.org', '*.lb.example.org', 'API.UPPER'], addresses: ['10.0.0.1', 'fd00::1'] });
  test.each([
    ['api.example.org', true],
    ['API.example.org.', true],
    ['one.lb.example.org', true],
    ['a.b.lb.example.org', false],
    ['lb.example.org', false],
    ['api.upper', true],
    ['10.0.0.1', true],
    ['[fd00:0:0::1]', true],
    ['10.0.0.2', false],
    ['', false],
  ])('%s: %s', (host, expected) => expect(covers(leaf, host)).toBe(expected));

  test.each([
    ['10.96.0.0/12', '10.96.0.1'],
    ['172.20.5.0/16', '172.20.0.1'],
    ['fd00:10:96::/112', 'fd00:10:96::1'],
    ['', undefined],
    ['nonsense/12', undefined],
  ])('first address of %s', (range, expected) => expect(firstServiceAddress(range)).toBe(expected));
});

describe('cert-san-missing-lb', () => {
  const without = { addresses: ['10.96.0.1', '10.89.0.12'] };

  test('a healthy cluster passes', () => {
    for (const verdict of healthyWorld().judge(balancer)) expect(verdict.status).toBe('pass');
  });

  test('the master whose certificate lacks the LB’s address, and its plan: configuration, then that master', () => {
    const world = serves('m2', without);
    const verdict = asFail(world.verdict(balancer, 'm2/apiserver'));
    expect(verdict).toMatchObject({ severity: 'critical', facts: { missing: '10.89.0.10' } });
    expect(unfilled(balancer, verdict)).toEqual([]);
    expect(fixesOf(balancer, world, verdict).map((fix) => fix.where)).toEqual(['here', 'm2', 'here']);
    expect(world.verdict(balancer, 'm1/apiserver').status).toBe('pass');
  });

  test('tls-server-name is what counts instead of the host', () => {
    const named = (name: string) => serves('m2', without).set('operator.kubeconfig', undefined, (old) => ({ ...old, tlsServerName: name }));
    const alone = (name: string) => named(name).missing('kube.kubeadm-config');
    expect(alone('kubernetes').verdict(balancer, 'm2/apiserver').status).toBe('pass');
    expect(asFail(alone('api.example.org').verdict(balancer, 'm2/apiserver')).facts['missing']).toBe('api.example.org');
  });

  test('nothing is asked where TLS ends in front of the masters, and without a kubeconfig it is unknown', () => {
    const chain = [certificate('m9', { sha256: 'e'.repeat(64), addresses: [], names: ['lb'] })];
    const ended = serves('m2', without)
      .set('lb.tries', undefined, ({ tries }) => ({ tries: tries.map((one) => ({ ...one, chain })) }))
      .missing('kube.kubeadm-config');
    expect(ended.verdict(balancer, 'm2/apiserver').status).toBe('not-applicable');
    expect(healthyWorld().missing('operator.kubeconfig').verdict(balancer, 'm2/apiserver').status).toBe('unknown');
    expect(healthyWorld().missing('api.ready', 'm2').missing('lb.tries').verdict(balancer, 'm2/apiserver').status).toBe('unknown');
  });
});

describe('cert-san-missing-required', () => {
  test('a healthy cluster passes', () => {
    for (const verdict of healthyWorld().judge(required)) expect(verdict.status).toBe('pass');
  });

  test.each([
    [{ names: ['kubernetes', 'm2'] }, 'kubernetes.default, kubernetes.default.svc, kubernetes.default.svc.cluster.local'],
    [{ addresses: ['10.89.0.12', '10.89.0.10'] }, '10.96.0.1'],
    [{ addresses: ['10.96.0.1', '10.89.0.10'] }, '10.89.0.12'],
  ])('what lacks names of the cluster: %o', (change, missing) => {
    const world = serves('m2', change);
    const verdict = asFail(world.verdict(required, 'm2/apiserver'));
    expect(verdict).toMatchObject({ severity: 'warning', facts: { missing } });
    expect(unfilled(required, verdict)).toEqual([]);
  });

  test('where no range of Services is known it is unknown, unless something is missing anyway', () => {
    expect(healthyWorld().missing('kube.kubeadm-config').verdict(required, 'm2/apiserver').status).toBe('unknown');
    expect(serves('m2', { names: [] }).missing('kube.kubeadm-config').verdict(required, 'm2/apiserver').status).toBe('fail');
  });
});

describe('cert-etcd-san', () => {
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
    expect(fixesOf(etcd, server, verdict)[0]?.run).toContain(
      'mv /etc/kubernetes/pki/etcd/server.crt /etc/kubernetes/pki/etcd/server.key /root/',
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
});
