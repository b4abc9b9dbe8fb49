// Is a component that elects by Endpoints or a ConfigMap judged by what stands there, never by a Lease it does not keep?
import { expect, test } from 'vitest';
import gone from '../../../rules/leader/le-holder-node-gone.ts';
import expired from '../../../rules/leader/le-lease-expired.ts';
import missing from '../../../rules/leader/le-lease-missing.ts';
import { viewOf } from '../../../src/judge/judge.ts';
import { getLease } from '../../../src/judge/readings/lease-place.ts';
import { changeLease, scheduler, startedWith } from '../../kit/leader-worlds.ts';
import { asFail, healthyWorld, now, type World } from '../../kit/world.ts';

const lock = (kind: string, node?: string, world = healthyWorld()) =>
  startedWith(world, 'kube-scheduler', node, `--leader-elect-resource-lock=${kind}`);
const without = (world: World) =>
  world.set('kube.leases', undefined, (old) => ({ ...old, leases: old.leases.filter(({ name }) => name !== 'kube-scheduler') }));
const stale = (world: World) => changeLease(world, 'kube-scheduler', { renewedAt: now - 3_600_000, holder: 'm9_old' });

/** What stands in the annotation, renewed so long ago by the clock of its holder m1. */
function annotated(world: World, milliseconds: number | undefined): World {
  const list = healthyWorld().evidence.items.find((one) => one.id === 'kube.leases');
  if (list?.state !== 'known' || list.id !== 'kube.leases') throw new Error('the world has leases');
  const { leases, clock } = list.value;
  const held = leases.filter(({ name }) => name === 'kube-scheduler').map(({ storedAt: _, ...one }) => one);
  const renewed = milliseconds === undefined ? [] : held.map((one) => ({ ...one, renewedAt: now - milliseconds }));
  return world.set('kube.old-locks', undefined, { leases: renewed, absent: [], ...(clock && { clock }) });
}

test.each(['endpoints', 'configmaps', 'endpointsleases', 'configmapsleases'])('%s: an annotation that is renewed is held', (kind) => {
  for (const world of [without(lock(kind)), stale(lock(kind))]) {
    const held = annotated(world, 2000);
    expect(held.verdict(expired, scheduler).status).toBe('pass');
    expect(held.verdict(missing, scheduler).status).not.toBe('fail');
    expect(held.judge(missing).filter(({ status }) => status === 'fail')).toEqual([]);
  }
});

test('a leftover flag of one instance does not hide a Lease that has run out where nothing is annotated', () => {
  const world = annotated(stale(lock('endpoints', 'm3')), undefined);
  expect(asFail(world.verdict(expired, scheduler)).facts).toMatchObject({ component: 'kube-scheduler' });
});

test('one that nobody renews is expired, whatever a leftover Lease says', () => {
  const world = annotated(changeLease(lock('endpoints'), 'kube-scheduler', { renewedAt: now - 1000 }), 60_000);
  expect(asFail(world.verdict(expired, scheduler))).toMatchObject({ facts: { component: 'kube-scheduler', age: '60 s' } });
  expect(world.verdict(missing, scheduler)).toMatchObject({ status: 'not-applicable', because: expect.stringContaining('endpoints') });
});

test('with a Lease beside it a Lease that is held is enough', () => {
  const world = lock('endpointsleases').missing('kube.old-locks');
  expect(world.verdict(expired, scheduler).status).toBe('pass');
  expect(world.verdict(missing, scheduler).status).toBe('pass');
});

test('where the annotation could not be read, or nobody stands there, it is unknown, neither missing nor expired', () => {
  for (const bare of [without(lock('endpoints')), stale(lock('configmaps')), without(lock('endpointsleases'))]) {
    const refused = annotated(bare, 2000).missing('kube.old-locks', undefined, { gap: 'denied', detail: 'endpoints is forbidden' });
    for (const rule of [missing, expired])
      expect(refused.verdict(rule, scheduler)).toMatchObject({ status: 'unknown', gaps: [{ detail: 'endpoints is forbidden' }] });
    expect(annotated(bare, undefined).verdict(missing, scheduler).status).toBe('unknown');
    expect(bare.judge(gone).filter(({ status }) => status === 'fail')).toEqual([]);
  }
});

test('one instance that says so is enough; the others of the lease are judged as before', () => {
  const world = without(lock('endpoints', 'm2'));
  expect(world.verdict(missing, scheduler).status).toBe('unknown');
  expect(asFail(without(healthyWorld()).verdict(missing, scheduler)).facts).toMatchObject({ component: 'kube-scheduler' });
  expect(asFail(without(lock('leases')).verdict(missing, scheduler)).severity).toBe('critical');
  expect(asFail(stale(lock('leases')).verdict(expired, scheduler)).severity).toBe('critical');
});

test('commands name the object it elects by', () => {
  const of = (world: World) => getLease(viewOf(world.evidence, world.topology), 'kube-scheduler');
  expect(of(lock('endpoints'))).toBe('kubectl -n kube-system get endpoints kube-scheduler');
  expect(of(lock('endpointsleases'))).toBe('kubectl -n kube-system get lease kube-scheduler');
});
