import { expect, test } from 'vitest';
import rule from '../../../rules/leader/le-lease-expired.ts';
import type { LeaseSeen } from '../../../src/model/kubernetes.ts';
import holderGone from '../../../rules/leader/le-holder-node-gone.ts';
import { lease, storedAtOnce } from '../../kit/healthy.ts';
import { cloud, listedNowhere, withCloudControllers, withCloudLease } from '../../kit/leader-worlds.ts';
import { madeBy } from '../../kit/makers.ts';
import { fixesOf, shown } from '../../kit/texts.ts';
import { answered, asFail, failedTries, healthyWorld, now, World } from '../../kit/world.ts';

const scheduler = 'kube-system/Lease/kube-scheduler';

function change(world: World, name: string, changes: Partial<LeaseSeen>): World {
  return world.set('kube.leases', undefined, (old) => ({
    ...old,
    leases: old.leases.map((lease) => (lease.name === name ? { ...lease, ...stored(changes), ...changes } : lease)),
  }));
}

function stored({ renewedAt }: Partial<LeaseSeen>): Partial<LeaseSeen> {
  return renewedAt === undefined ? {} : storedAtOnce(renewedAt);
}

function renewedAgo(milliseconds: number, world = healthyWorld()): World {
  return change(world, 'kube-scheduler', { renewedAt: now - milliseconds });
}

function again(world: World, changes: Partial<LeaseSeen>, afterMs: number): World {
  const item = world.evidence.items.find((one) => one.id === 'kube.leases');
  if (item?.state !== 'known' || item.id !== 'kube.leases') throw new Error('the world has leases');
  const { clock } = item.value;
  if (clock === undefined) throw new Error('the world has a clock');
  const later = { sentAt: clock.sentAt + afterMs, receivedAt: clock.receivedAt + afterMs, serverTime: clock.serverTime + afterMs };
  const leases = item.value.leases.map((lease) => (lease.name === 'kube-scheduler' ? { ...lease, ...stored(changes), ...changes } : lease));
  return world.again('kube.leases', undefined, { leases, clock: later }, afterMs);
}

function clockOff(world: World, node: string, milliseconds: number): World {
  return world
    .set('api.ready', node, { tries: [answered(node, 200, 'ok', {}, now + milliseconds)] })
    .set('etcd.clock', node, { sentAt: now, receivedAt: now + 4, serverTime: now + 2 + milliseconds, resolutionMs: 0 });
}

test('held leases pass; the subject is the lease on its holder’s node', () => {
  const verdicts = healthyWorld().judge(rule);
  expect(verdicts.map((verdict) => verdict.status)).toEqual(['pass', 'pass']);
  expect(verdicts.map((verdict) => verdict.subject.keys)).toEqual([
    { object: 'kube-system/Lease/kube-controller-manager', node: 'm1' },
    { object: scheduler, node: 'm1' },
  ]);
});

test('older than its duration and the time a candidate takes: expired; the other lease is judged by itself', () => {
  const world = renewedAgo(25_000);
  expect(asFail(world.verdict(rule, scheduler))).toMatchObject({
    severity: 'critical',
    witness: 'stated',
    facts: { age: '25 s', duration: 15 },
  });
  expect(world.verdict(rule, 'kube-system/Lease/kube-controller-manager').status).toBe('pass');
});

test('when it has just run out somebody may be about to take it: a candidate looks every 4.4 s at most', () => {
  expect(renewedAgo(14_900).verdict(rule, scheduler).status).toBe('pass');
  expect(renewedAgo(16_000).verdict(rule, scheduler).status).toBe('unknown');
  expect(renewedAgo(23_700).verdict(rule, scheduler).status).toBe('unknown');
});

test('a holder whose clock is behind has not expired, one ahead is not held for that', () => {
  expect(renewedAgo(63_000, clockOff(healthyWorld(), 'm1', -60_000)).verdict(rule, scheduler).status).toBe('pass');
  expect(renewedAgo(-27_000, clockOff(healthyWorld(), 'm1', 30_000)).verdict(rule, scheduler).status).toBe('pass');
  // What it wrote may be older than its clock's being set: the other clocks have to agree.
  for (const ago of [-5000, 13_000])
    expect(renewedAgo(ago, clockOff(healthyWorld(), 'm1', 30_000)).verdict(rule, scheduler).status).toBe('unknown');
  expect(renewedAgo(25_000, clockOff(healthyWorld(), 'm1', 30_000)).verdict(rule, scheduler).status).toBe('fail');
});

test('our own clock does not matter', () => {
  const world = healthyWorld();
  for (const node of ['m1', 'm2', 'm3']) clockOff(world, node, 3_600_000);
  world.set('kube.leases', undefined, (old) => ({
    clock: { sentAt: now, receivedAt: now + 8, serverTime: now + 3_600_000 - 500 },
    leases: old.leases.map((lease) => ({ ...lease, renewedAt: now + 3_600_000 - 2000 })),
  }));
  expect(world.judge(rule).map((verdict) => verdict.status)).toEqual(['pass', 'pass']);
});

test('nobody knows the holder’s clock: only far beyond any likely skew is it expired, and fresh proves nothing', () => {
  const blind = () =>
    healthyWorld()
      .set('api.ready', 'm1', { tries: failedTries('m1', 'refused') })
      .missing('etcd.clock', 'm1');
  expect(renewedAgo(3000, blind()).verdict(rule, scheduler).status).toBe('unknown');
  expect(renewedAgo(70_000, blind()).verdict(rule, scheduler).status).toBe('unknown');
  expect(renewedAgo(90_000, blind()).verdict(rule, scheduler).status).toBe('fail');
});

test('a holder named after no node: the clocks of all masters bound its own', () => {
  const renamed = change(healthyWorld(), 'kube-scheduler', { holder: 'ip-10-89-0-11_9f3e' });
  expect(renamed.verdict(rule, scheduler).status).toBe('pass');
  expect(
    renamed
      .set('api.ready', 'm2', { tries: failedTries('m2', 'refused') })
      .missing('etcd.clock', 'm2')
      .verdict(rule, scheduler).status,
  ).toBe('unknown');
});

test('two looks decide whatever the clocks show', () => {
  const blind = renewedAgo(3000)
    .set('api.ready', 'm1', { tries: failedTries('m1', 'refused') })
    .missing('etcd.clock', 'm1');
  expect(again(blind, { renewedAt: now + 9000 }, 15_000).verdict(rule, scheduler).status).toBe('pass');
  const still = renewedAgo(3000)
    .set('api.ready', 'm1', { tries: failedTries('m1', 'refused') })
    .missing('etcd.clock', 'm1');
  expect(asFail(again(still, {}, 24_500).verdict(rule, scheduler)).witness).toBe('agreed');
});

test('given back a moment ago is open, given back and left alone is expired', () => {
  const released = { holder: '', durationSeconds: 1 };
  const fresh = change(healthyWorld(), 'kube-scheduler', { ...released, renewedAt: now - 2000 });
  expect(fresh.verdict(rule, scheduler).status).toBe('unknown');
  const old = change(healthyWorld(), 'kube-scheduler', { ...released, renewedAt: now - 25_000 });
  expect(asFail(old.verdict(rule, scheduler)).facts).toMatchObject({ holder: 'nobody' });
});

test('candidates are lost where their own API server does not serve or their node does not report', () => {
  const world = renewedAgo(90_000);
  world.set('api.ready', 'm2', { tries: failedTries('m2', 'refused') });
  world.set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.map((node) => (node.name === 'm3' ? { ...node, ready: 'Unknown' } : node)),
  }));
  const { supports } = asFail(world.verdict(rule, scheduler));
  expect(supports).toMatchObject([
    { name: 'm1', state: 'good', keys: { node: 'm1', apiserver: '10.89.0.11:6443' } },
    { name: 'm2', state: 'lost' },
    { name: 'm3', state: 'lost' },
  ]);
  expect(asFail(world.missing('api.ready', 'm1').verdict(rule, scheduler)).supports?.[0]).toMatchObject({ state: 'unknown' });
});

test('the lease of the cloud’s controllers is judged where there is one', () => {
  const world = healthyWorld();
  world.set('kube.leases', undefined, (old) => {
    const [first] = old.leases;
    return { ...old, leases: [...old.leases, ...(first === undefined ? [] : [{ ...first, name: 'cloud-controller-manager' }])] };
  });
  expect(world.judge(rule)).toHaveLength(3);
});

function withFlag(world: World, flag: string): World {
  return world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) => ({ ...pod, containers: pod.containers.map((one) => ({ ...one, command: [...one.command, flag] })) })),
  }));
}

test('a lease under another name is the one that is judged; without leader election none is', () => {
  const renamed = withFlag(renewedAgo(90_000), '--leader-elect-resource-name=second');
  expect(renamed.verdict(rule, scheduler).status).toBe('not-applicable');
  change(renamed, 'kube-scheduler', { name: 'second' });
  expect(renamed.verdict(rule, scheduler).status).toBe('fail');
  expect(withFlag(renewedAgo(90_000), '--leader-elect=false').verdict(rule, scheduler).status).toBe('not-applicable');
});

test('no leases, no time of the server, no such lease: never a pass', () => {
  expect(
    healthyWorld()
      .missing('kube.leases')
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['unknown', 'unknown']);
  expect(
    healthyWorld()
      .set('kube.leases', undefined, (old) => ({ leases: old.leases }))
      .verdict(rule, scheduler).status,
  ).toBe('unknown');
  expect(
    healthyWorld()
      .set('kube.leases', undefined, (old) => ({ ...old, leases: [] }))
      .verdict(rule, scheduler).status,
  ).toBe('not-applicable');
});

test('deleting the lease is offered only when every candidate works and it stayed still for a minute', () => {
  const commands = (world: World) => {
    const fixes = fixesOf(rule, world, asFail(world.verdict(rule, scheduler)));
    return fixes.flatMap((fix) => fix.run).join('\n');
  };
  expect(commands(renewedAgo(90_000))).toContain('delete lease kube-scheduler');
  expect(commands(renewedAgo(40_000))).not.toContain('delete');
  expect(commands(renewedAgo(90_000).set('api.ready', 'm2', { tries: failedTries('m2', 'refused') }))).not.toContain('delete');
});

test('a lease that was named is judged by itself, and nothing of the core is proposed for it', () => {
  const clock = { sentAt: now, receivedAt: now + 8, serverTime: Math.floor(now / 1000) * 1000 };
  const own = lease('ops', 'leader', 'pod-1', { renewedAt: now - 90_000 });
  const world = healthyWorld().set('kube.named-leases', undefined, { leases: [own], absent: [], clock });
  const verdict = asFail(world.verdict(rule, 'ops/leader'));
  expect(verdict).toMatchObject({ subject: { id: 'ops/Lease/leader' }, supports: [], facts: { component: 'ops/leader', age: '89 s' } });
  expect(fixesOf(rule, world, verdict)).toEqual([]);
  world.set('kube.named-leases', undefined, { leases: [{ ...own, ...storedAtOnce(now - 3000) }], absent: [], clock });
  expect(world.verdict(rule, 'ops/leader').status).toBe('pass');
  world.set('kube.named-leases', undefined, { leases: [{ ...own, ...storedAtOnce(now - 16_000) }], absent: [], clock });
  expect(world.verdict(rule, 'ops/leader')).toMatchObject({
    status: 'unknown',
    gaps: [{ howToGet: expect.stringContaining('-n ops get lease leader') }],
  });
});

test('a holder whose clock nobody read has not expired for a clock that is behind: when it was stored counts', () => {
  const world = healthyWorld().set('kube.named-leases', undefined, {
    leases: [lease('ops', 'leader', 'pod-1', { renewedAt: now - 90_000, storedAt: Math.floor((now - 2000) / 1000) * 1000 })],
    absent: [],
    clock: { sentAt: now, receivedAt: now + 8, serverTime: Math.floor(now / 1000) * 1000 },
  });
  expect(world.verdict(rule, 'ops/leader').status).toBe('pass');
  expect(world.missing('api.ready').missing('etcd.clock').verdict(rule, 'ops/leader').status).toBe('unknown');
});

test('a component that runs nowhere has no candidate: its manifest is looked for, no log is, and its lease stays', () => {
  const world = listedNowhere(renewedAgo(90_000), 'kube-scheduler');
  const verdict = asFail(world.verdict(rule, scheduler));
  expect(verdict.supports?.map((one) => one.state)).toEqual(['lost', 'lost', 'lost']);
  expect(shown(rule, verdict).join('\n')).toContain('no instance of it is listed');
  const fixes = fixesOf(rule, world, verdict);
  const commands = fixes.flatMap((fix) => fix.run).join('\n');
  expect(commands).not.toMatch(/logs|delete/);
  expect(fixes.map((fix) => fix.where)).toEqual(['m1', 'm2', 'm3', 'm1']);
  expect(fixes.at(-1)).toMatchObject({ run: ['mv /root/held/kube-scheduler.yaml /etc/kubernetes/manifests/'], risk: 'low' });
  expect(shown(rule, asFail(renewedAgo(90_000).verdict(rule, scheduler))).join('\n')).not.toContain('no instance');
});

test('where parts of the control plane have no pods of their own, or nobody could list them, an instance is not known', () => {
  const states = (world: World) => asFail(world.verdict(rule, scheduler)).supports?.map((one) => one.state);
  const none = renewedAgo(90_000).set('kube.control-plane-pods', undefined, { pods: [] });
  expect(states(none)).toEqual(['unknown', 'unknown', 'unknown']);
  const unlisted = renewedAgo(90_000).missing('kube.control-plane-pods');
  expect(states(unlisted)).toEqual(['unknown', 'unknown', 'unknown']);
  expect(fixesOf(rule, unlisted, asFail(unlisted.verdict(rule, scheduler))).flatMap((fix) => fix.run)).toEqual([
    expect.stringMatching(/^crictl logs .*kube-scheduler/),
  ]);
  expect(states(none.set('api.ready', 'm2', { tries: failedTries('m2', 'refused') }))).toEqual(['unknown', 'lost', 'unknown']);
});

test('on k3s a scheduler without a pod runs in the server; on RKE2 it has one', () => {
  const states = (version: string) => {
    const evidence = madeBy(listedNowhere(renewedAgo(90_000), 'kube-scheduler').evidence, version, 'Debian GNU/Linux 12 (bookworm)');
    return asFail(new World(evidence.items).verdict(rule, scheduler)).supports?.map((one) => one.state);
  };
  expect(states('v1.34.4+k3s1')).toEqual(['unknown', 'unknown', 'unknown']);
  expect(states('v1.34.4+rke2r1')).toEqual(['lost', 'lost', 'lost']);
});

test('the lease that a removed component left is a note, and no machine is gone for it', () => {
  const world = withCloudLease(healthyWorld(), { holder: 'old-w9_44d1-aa', renewedAt: now - 200 * 86_400_000 });
  const verdict = asFail(world.verdict(rule, cloud));
  expect(verdict).toMatchObject({ severity: 'info', reason: 'left-over' });
  expect(shown(rule, verdict).join('\n')).toContain('nobody is meant to hold it');
  expect(fixesOf(rule, world, verdict).at(-1)).toMatchObject({
    run: ['kubectl -n kube-system delete lease cloud-controller-manager'],
    needs: [{ met: 'unknown' }],
  });
  expect(world.verdict(holderGone, cloud).status).toBe('not-applicable');
  expect(world.missing('kube.control-plane-pods').verdict(rule, cloud).status).toBe('unknown');
});

test('where nodes carry a cloud’s id, its controllers are missed for a day', () => {
  const inCloud = (ago: number) =>
    withCloudLease(healthyWorld(), { renewedAt: now - ago }).set('kube.nodes', undefined, (old) => ({
      ...old,
      nodes: old.nodes.map((node) => ({ ...node, providerId: 'openstack:///4711' })),
    }));
  expect(asFail(inCloud(600_000).verdict(rule, cloud))).toMatchObject({ severity: 'critical' });
  expect(asFail(inCloud(2 * 86_400_000).verdict(rule, cloud))).toMatchObject({ severity: 'info', reason: 'left-over' });
});

test('the lease of the cloud’s controllers is judged as any other while they are listed, or while somebody renews it', () => {
  const old = { renewedAt: now - 90_000 };
  const listed = withCloudControllers(withCloudLease(healthyWorld(), old));
  expect(asFail(listed.verdict(rule, cloud))).toMatchObject({ severity: 'critical', supports: [{ name: 'w1', state: 'good' }] });
  expect(fixesOf(rule, listed, asFail(listed.verdict(rule, cloud)))[0]?.run[0]).toContain(' logs cloud-controller-manager-7d9c-x2 ');
  expect(withCloudLease(healthyWorld()).verdict(rule, cloud).status).toBe('pass');
  expect(withCloudControllers(healthyWorld()).verdict(rule, cloud).status).toBe('not-applicable');
});

test('commands name the lease where its component keeps it', () => {
  const world = withFlag(renewedAgo(90_000), '--leader-elect-resource-name=second');
  change(world, 'kube-scheduler', { name: 'second' });
  const [, remove] = fixesOf(rule, world, asFail(world.verdict(rule, scheduler)));
  expect(remove).toMatchObject({
    run: ['kubectl -n kube-system delete lease second'],
    verify: [expect.stringMatching(/^kubectl -n kube-system get lease second /)],
  });
  change(world, 'second', { renewedAt: now - 16_000 });
  expect(world.verdict(rule, scheduler)).toMatchObject({ gaps: [{ howToGet: expect.stringContaining('get lease second ') }] });
});
