// Are leaders on machines that are gone, foreign or not Ready told from those that are where they belong?
import { expect, test } from 'vitest';
import expired from '../../../rules/leader/le-lease-expired.ts';
import gone from '../../../rules/leader/le-holder-node-gone.ts';
import notready from '../../../rules/leader/le-holder-node-notready.ts';
import { changeLease, leaderWorlds, notReady, scheduler } from '../../kit/leader-worlds.ts';
import { avoidOf, fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { asFail, failedTries, healthyWorld, now, type World } from '../../kit/world.ts';

const stranger = 'old-master_44d1-aa';

function statuses(world: World, rule = gone): readonly string[] {
  return world.judge(rule).map((verdict) => verdict.status);
}

test('leaders on nodes that report pass', () => {
  expect(statuses(healthyWorld())).toEqual(['pass', 'pass']);
  expect(statuses(healthyWorld(), notready)).toEqual(['pass', 'pass']);
});

test('a holder that no node is called after and that renews is foreign; the other lease is judged by itself', () => {
  const world = leaderWorlds['the leader is on an unknown machine']?.() ?? healthyWorld();
  const verdict = asFail(world.verdict(gone, scheduler));
  expect(verdict).toMatchObject({ reason: 'foreign', severity: 'warning', facts: { host: 'old-master' } });
  expect(unfilled(gone, verdict)).toEqual([]);
  const plan = fixesOf(gone, world, verdict);
  expect(plan[1]).toMatchObject({ where: 'old-master', risk: 'medium', needs: [{ met: 'unknown' }] });
  expect(avoidOf(gone, world, verdict)).toHaveLength(1);
  expect(world.verdict(gone, 'kube-system/Lease/kube-controller-manager').status).toBe('pass');
});

test('one that stopped renewing is gone, and explains the expired lease only where nobody else could take it', () => {
  const world = changeLease(healthyWorld(), 'kube-scheduler', { holder: stranger, renewedAt: now - 90_000 });
  const verdict = asFail(world.verdict(gone, scheduler));
  expect(verdict).toMatchObject({ reason: 'gone', severity: 'critical' });
  expect(fixesOf(gone, world, verdict)).toHaveLength(1);
  expect(gateOf(gone, world, verdict, asFail(world.verdict(expired, scheduler)))).toEqual(['unknown']);
  for (const node of ['m1', 'm2', 'm3']) world.set('api.ready', node, { tries: failedTries(node, 'refused') });
  const alone = asFail(world.verdict(expired, scheduler));
  expect(gateOf(gone, world, verdict, alone)).toEqual(['yes']);
});

test('other names of a machine are its own: host name label, domain, the pod that runs there', () => {
  const world = healthyWorld().set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.map((node) => (node.name === 'm2' ? { ...node, labels: { 'kubernetes.io/hostname': 'ip-10-0-0-2' } } : node)),
  }));
  for (const holder of ['ip-10-0-0-2_44d1-aa', 'm2.example.org_44d1-aa', 'kube-scheduler-m3_44d1-aa'])
    expect(changeLease(world, 'kube-scheduler', { holder }).verdict(gone, scheduler).status).toBe('pass');
});

test('a holder that names no machine, or one where an API server runs, is undecided', () => {
  expect(changeLease(healthyWorld(), 'kube-scheduler', { holder: 'something' }).verdict(gone, scheduler).status).toBe('unknown');
  const world = changeLease(healthyWorld(), 'kube-scheduler', { holder: stranger });
  changeLease(world, 'apiserver-m3', {
    labels: { 'kubernetes.io/hostname': 'old-master', 'apiserver.kubernetes.io/identity': 'kube-apiserver' },
  });
  expect(world.verdict(gone, scheduler).status).toBe('unknown');
  // Its node has another name and its address all the same; where none has, it was deleted and its machine runs on.
  const deleted = healthyWorld().set('kube.nodes', undefined, (old) => ({ ...old, nodes: old.nodes.filter((node) => node.name !== 'm2') }));
  changeLease(deleted, 'kube-scheduler', { holder: 'm2_44d1-aa' });
  changeLease(deleted, 'apiserver-m2', {
    labels: { 'kubernetes.io/hostname': 'm2', 'apiserver.kubernetes.io/identity': 'kube-apiserver' },
  });
  expect(
    asFail(
      deleted
        .set('kube.control-plane-pods', undefined, (old) => ({ ...old, pods: old.pods.filter((pod) => pod.node !== 'm2') }))
        .verdict(gone, scheduler),
    ),
  ).toMatchObject({ reason: 'foreign' });
  const between = changeLease(healthyWorld(), 'kube-scheduler', { holder: stranger, renewedAt: now - 16_000 });
  expect(between.verdict(gone, scheduler).status).toBe('unknown');
});

test('controllers that run outside of the nodes, a lease given back, a lease that is not there: not applicable', () => {
  const outside = changeLease(healthyWorld(), 'kube-scheduler', { holder: stranger }).set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.filter((node) => !node.controlPlane),
  }));
  expect(outside.verdict(gone, scheduler).status).toBe('not-applicable');
  expect(changeLease(healthyWorld(), 'kube-scheduler', { holder: '' }).verdict(gone, scheduler).status).toBe('not-applicable');
  const none = healthyWorld().set('kube.leases', undefined, (old) => ({ ...old, leases: [] }));
  for (const rule of [gone, notready]) expect(none.verdict(rule, scheduler).status).toBe('not-applicable');
});

test('what was not listed is not gone', () => {
  for (const id of ['kube.nodes', 'kube.leases', 'kube.control-plane-pods'] as const) {
    const world = changeLease(healthyWorld(), 'kube-scheduler', { holder: stranger }).missing(id);
    expect(world.verdict(gone, scheduler).status, id).toBe('unknown');
    expect(notReady(healthyWorld(), 'm1', 120_000).missing(id).verdict(notready, scheduler).status, id).toBe('unknown');
  }
});

test('a leader on a node that is long not Ready: renewing or stuck, and another one may lead meanwhile', () => {
  const world = notReady(healthyWorld(), 'm1', 120_000);
  const verdict = asFail(world.verdict(notready, scheduler));
  expect(verdict).toMatchObject({ reason: 'renewing', subject: { keys: { node: 'm1' } }, group: 'm1' });
  expect(unfilled(notready, verdict)).toEqual([]);
  expect(fixesOf(notready, world, verdict)[1]).toMatchObject({ where: 'm1', risk: 'low', needs: [{ met: 'yes' }, { met: 'yes' }] });
  const stuck = changeLease(world, 'kube-scheduler', { renewedAt: now - 90_000 });
  expect(asFail(stuck.verdict(notready, scheduler)).reason).toBe('stuck');
  notReady(notReady(stuck, 'm2', 120_000), 'm3', 120_000);
  const alone = asFail(stuck.verdict(notready, scheduler));
  expect(fixesOf(notready, stuck, alone)[1]).toMatchObject({ needs: [{ met: 'no' }, { met: 'no' }] });
});

test('for a moment only, or with a lease nobody can judge: undecided', () => {
  expect(notReady(healthyWorld(), 'm1', 30_000).verdict(notready, scheduler).status).toBe('unknown');
  const open = changeLease(notReady(healthyWorld(), 'm1', 120_000), 'kube-scheduler', { renewedAt: now - 16_000 });
  expect(open.verdict(notready, scheduler).status).toBe('unknown');
});
