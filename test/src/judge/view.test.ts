import { expect, test } from 'vitest';
import { EvidenceIndex, MissingEvidence, RecordingView } from '../../../src/judge/view.ts';
import { healthyWorld, subjectOf, type World } from '../../kit/world.ts';
import type { Seen } from '../../../src/model/rule.ts';

function look(world: World = healthyWorld()): RecordingView {
  return new RecordingView(world.evidence, new EvidenceIndex(world.evidence.items), world.topology);
}

function gapsOf(act: () => unknown) {
  try {
    act();
  } catch (error) {
    if (error instanceof MissingEvidence) return error.gaps;
    throw error;
  }
  throw new Error('nothing was missing');
}

const allowed = { allowed: true, reason: '' };
const refused = { allowed: false, reason: 'later' };

test('a value is read for the cluster unless another subject is named, and each reading is cited once', () => {
  const view = look();
  expect(view.get('api.version')).toEqual({ gitVersion: 'v1.34.4' });
  expect(view.get('etcd.health', subjectOf('etcd.health', 'm2'))).toEqual({ kind: 'healthy' });
  view.get('api.version');
  expect([...view.cites]).toEqual(['api.version cluster/cluster', 'etcd.health member/10.89.0.12:2379']);
});

test('evidence of the load balancer needs no subject: there is one', () => {
  const view = look();
  expect(view.get('lb.tries').tries).toHaveLength(3);
  expect([...view.cites]).toEqual(['lb.tries lb/10.89.0.10:8443']);
});

test('the newest known sample is the value, whatever order they came in', () => {
  const world = healthyWorld().again('kube.may-port-forward', undefined, refused);
  const index = new EvidenceIndex([...world.evidence.items].reverse());
  const view = new RecordingView(world.evidence, index, world.topology);
  expect(view.get('kube.may-port-forward')).toEqual(refused);
  expect(view.samples('kube.may-port-forward').map((item) => item.value)).toEqual([allowed, refused]);
});

test('a second look that failed does not take away what the first one saw', () => {
  const world = healthyWorld();
  const index = new EvidenceIndex(world.evidence.items);
  const gap = { gap: 'timeout', detail: 'too slow', howToGet: '--timeout 60s' } as const;
  index.add({ state: 'missing', id: 'kube.may-port-forward', subject: subjectOf('kube.may-port-forward'), sample: 1, ...gap });
  const view = new RecordingView(world.evidence, index, world.topology);
  expect(view.get('kube.may-port-forward')).toEqual(allowed);
  expect(view.peek('kube.may-port-forward')).toMatchObject({ state: 'known', sample: 0 });
  expect(view.every('kube.may-port-forward')).toMatchObject([{ state: 'known', sample: 0 }]);
});

test('missing evidence ends the judgement with its own reason, and is cited', () => {
  const view = look(healthyWorld().missing('etcd.status', 'm1', { detail: 'not yours', through: 'node/m1' }));
  const [gap] = gapsOf(() => view.get('etcd.status', subjectOf('etcd.status', 'm1')));
  expect(gap).toEqual({
    gap: 'denied',
    detail: 'not yours',
    howToGet: 'ask for access',
    through: 'node/m1',
    id: 'etcd.status',
    subject: 'member/10.89.0.11:2379',
  });
  expect([...view.cites]).toEqual(['etcd.status member/10.89.0.11:2379']);
});

test('what nobody looked at is a gap too', () => {
  const view = look(healthyWorld().drop('api.version'));
  expect(gapsOf(() => view.get('api.version'))).toMatchObject([{ gap: 'not-collected', id: 'api.version', subject: 'cluster/cluster' }]);
  expect(view.peek('api.version')).toBeUndefined();
});

test('peek and every show a gap without ending the judgement', () => {
  const view = look(healthyWorld().missing('etcd.health', 'm3'));
  expect(view.peek('etcd.health', subjectOf('etcd.health', 'm3'))).toMatchObject({ state: 'missing', gap: 'denied' });
  expect(view.every('etcd.health').map((item) => item.state)).toEqual(['known', 'known', 'missing']);
  expect(view.cites.size).toBe(3);
});

test('either takes the second way only where the first is missing, and then names the gaps of both', () => {
  const view = look(healthyWorld().drop('api.version').drop('kube.leases'));
  expect(
    view.either(
      () => view.get('kube.endpoints').addresses.length,
      () => 0,
    ),
  ).toBe(3);
  expect(
    view.either(
      () => view.get('api.version').gitVersion,
      () => 'other',
    ),
  ).toBe('other');
  const gaps = gapsOf(() =>
    view.either<unknown>(
      () => view.get('api.version'),
      () => view.get('kube.leases'),
    ),
  );
  expect(gaps.map((gap) => gap.id)).toEqual(['api.version', 'kube.leases']);
});

test('a defect is not taken for missing evidence', () => {
  const view = look();
  const defect = (): never => {
    throw new TypeError('a defect');
  };
  expect(() => view.either(defect, () => 1)).toThrow(TypeError);
  expect(() => view.either<unknown>(() => view.get('etcd.health'), defect)).toThrow(TypeError);
  expect(() => view.tally([1], defect)).toThrow(TypeError);
});

test('tally keeps what cannot be known apart from no', () => {
  const view = look(healthyWorld().missing('etcd.metrics', 'm2'));
  const tally = view.tally(['m1', 'm2', 'm3'], (node) => {
    const metrics = view.get('etcd.metrics', subjectOf('etcd.metrics', node));
    return metrics.kind === 'answered' && metrics.isLeader;
  });
  expect(tally).toEqual({ yes: ['m1'], no: ['m3'], unknown: ['m2'] });
});

test('what is worked out once is cited by everybody who uses it, and thrown again where it cannot be said', () => {
  const world = healthyWorld().missing('etcd.status', 'm1', { detail: 'not yours' });
  const index = new EvidenceIndex(world.evidence.items);
  let runs = 0;
  const allowing = (seen: Seen): boolean => {
    runs += 1;
    return seen.get('kube.may-port-forward').allowed;
  };
  const missing = (seen: Seen): unknown => seen.get('etcd.status', subjectOf('etcd.status', 'm1'));
  for (const view of [1, 2].map(() => new RecordingView(world.evidence, index, world.topology))) {
    expect(view.shared(allowing)).toBe(true);
    expect(gapsOf(() => view.shared(missing))[0]?.detail).toBe('not yours');
    expect([...view.cites]).toEqual(['kube.may-port-forward cluster/cluster', 'etcd.status member/10.89.0.11:2379']);
  }
  expect(runs).toBe(1);
});
