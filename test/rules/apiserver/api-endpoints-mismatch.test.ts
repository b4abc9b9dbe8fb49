import { describe, expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-endpoints-mismatch.ts';
import type { HaproxyRow } from '../../../src/model/balancer.ts';
import { shown, unfilled } from '../../kit/texts.ts';
import { answered, asFail, certificate, failedTries, healthyWorld, now, type World } from '../../kit/world.ts';

const serverNow = Math.floor(now / 1000) * 1000;

function dead(): World {
  return healthyWorld().set('api.ready', 'm2', { tries: failedTries('m2', 'refused') });
}

function unlisted(world = healthyWorld()): World {
  return world.set('kube.endpoints', undefined, { addresses: ['10.89.0.11:6443', '10.89.0.13:6443'] });
}

function row(world: World, change: Partial<HaproxyRow>): World {
  return world.set('lb.stats', undefined, (old) => ({ rows: old.rows.map((one) => (one.server === 'm2' ? { ...one, ...change } : one)) }));
}

function pod(world: World, ready: boolean, sinceSeconds: number): World {
  return world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((one) => (one.name === 'kube-apiserver-m2' ? { ...one, ready, readySince: serverNow - sinceSeconds * 1000 } : one)),
  }));
}

test('listed and serving, all of them', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['pass', 'pass', 'pass']);
});

test('not listed and dead: as it should be', () => {
  expect(unlisted(dead()).verdict(rule, 'm2').status).toBe('pass');
  const notReady = healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 500, '[-]etcd failed\n')] });
  expect(unlisted(notReady).verdict(rule, 'm2').status).toBe('pass');
});

test('whatever answers is alive: an expired certificate or a 500 is no stale address', () => {
  const trust = { kind: 'untrusted', why: 'expired', detail: '' } as const;
  for (const one of [answered('m2', 200, 'ok', { trust }), answered('m2', 500), answered('m2', 403)]) {
    expect(
      healthyWorld()
        .set('api.ready', 'm2', { tries: [one] })
        .verdict(rule, 'm2').status,
    ).toBe('pass');
  }
});

test('listed and silent, with nothing to tell since when: not sampled', () => {
  expect(dead().verdict(rule, 'm2').status).toBe('unknown');
});

test('HAProxy proves how long: 30 s are enough, 29 are not', () => {
  expect(row(dead(), { status: 'DOWN', checkStatus: 'L4CON', lastChange: 29 }).verdict(rule, 'm2').status).toBe('unknown');
  const verdict = asFail(row(dead(), { status: 'DOWN', checkStatus: 'L4CON', lastChange: 30 }).verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ reason: 'stale', severity: 'critical' });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(shown(rule, verdict)).toEqual(['m2 10.89.0.12:6443  does not answer, is listed; so for 30 s: HAProxy']);
});

test('the lease of a node whose kubelet uses this API server proves it too, after 30 s and one interval', () => {
  const aged = (seconds: number) =>
    dead().set('kube.node-leases', undefined, (old) => ({
      ...old,
      leases: old.leases.map((lease) => (lease.name === 'm2' ? { ...lease, renewedAt: serverNow - seconds * 1000 } : lease)),
    }));
  expect(aged(40).verdict(rule, 'm2').status).toBe('unknown');
  expect(asFail(aged(41).verdict(rule, 'm2')).reason).toBe('stale');
  const older = aged(300).set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.map((node) => ({ ...node, kubeletVersion: 'v1.31.4' })),
  }));
  expect(older.verdict(rule, 'm2').status).toBe('unknown');
});

test('a pod that a reporting kubelet calls unready proves it, one on a silent node does not', () => {
  expect(asFail(pod(dead(), false, 31).verdict(rule, 'm2')).reason).toBe('stale');
  const cutOff = pod(dead(), false, 31).set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.map((node) => ({ ...node, ready: 'Unknown' as const })),
  }));
  expect(cutOff.verdict(rule, 'm2').status).toBe('unknown');
});

test('serving for long and not listed: missing', () => {
  const verdict = asFail(unlisted().verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ reason: 'missing', severity: 'warning' });
  expect(unfilled(rule, verdict)).toEqual([]);
});

test('one that has just come up may be listed within half a minute', () => {
  const world = pod(row(unlisted(), { lastChange: 12 }), true, 12);
  expect(world.verdict(rule, 'm2').status).toBe('unknown');
});

test('an address the user typed may be another name of a listed one', () => {
  const world = unlisted().set('operator.hints', undefined, { masters: [{ address: '10.89.0.12:6443', from: 'flag' }], members: [] });
  expect(asFail(world.verdict(rule, 'm2')).reason).toBe('missing');
  for (const id of ['kube.nodes', 'kube.control-plane-pods'] as const) world.missing(id);
  expect(world.verdict(rule, 'm2').status).toBe('unknown');
});

test('a provider’s list is its own business; without a list or an answer it is unknown', () => {
  const managed = healthyWorld()
    .set('api.version', undefined, { gitVersion: 'v1.34.4-eks-1a2b3c' })
    .drop('kube.kubeadm-config')
    .set('kube.control-plane-pods', undefined, { pods: [] })
    .set('kube.nodes', undefined, (old) => ({ nodes: old.nodes.map((node) => ({ ...node, controlPlane: false })) }));
  expect(managed.judge(rule).map(({ status }) => status)).toEqual(['not-applicable']);
  expect(healthyWorld().missing('kube.endpoints').verdict(rule, 'm2').status).toBe('unknown');
  expect(healthyWorld().missing('api.ready', 'm2').verdict(rule, 'm2').status).toBe('unknown');
});

describe('an API server that advertises another address than it was asked at', () => {
  const advertising = (host: string): World =>
    healthyWorld()
      .set('kube.endpoints', undefined, { addresses: ['10.89.0.11:6443', `${host}:6443`, '10.89.0.13:6443'] })
      .set('kube.control-plane-pods', undefined, (old) => ({
        ...old,
        pods: old.pods.map((one) => ({
          ...one,
          containers: one.containers.map((container) => ({
            ...container,
            command: container.command.map((word) => word.replace('--advertise-address=10.89.0.12', `--advertise-address=${host}`)),
          })),
        })),
      }));

  test('sends pods to a place where nobody is; no machine is made up for it', () => {
    const world = advertising('10.89.0.99');
    expect(world.topology.masters.map((master) => master.subject.name)).toEqual(['m1', 'm2', 'm3']);
    const verdict = asFail(world.verdict(rule, 'm2'));
    expect(verdict).toMatchObject({ reason: 'elsewhere', severity: 'critical', witness: 'stated' });
    expect(String(verdict.facts['words'])).toBe('sends pods to 10.89.0.99:6443 instead of');
    expect(unfilled(rule, verdict)).toEqual([]);
  });

  test('is well where its certificate knows that address too', () => {
    const leaf = certificate('m2', { addresses: ['10.89.0.12', '192.168.7.12'] });
    const world = advertising('192.168.7.12').set('api.ready', 'm2', { tries: [answered('m2', 200, 'ok', { chain: [leaf] })] });
    expect(world.verdict(rule, 'm2').status).toBe('pass');
  });
});
