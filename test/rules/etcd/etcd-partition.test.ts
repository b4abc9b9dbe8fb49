import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-partition.ts';
import { changeLists } from '../../kit/etcd-worlds.ts';
import { answered } from '../../kit/world.ts';
import {
  asFail,
  changeMetrics,
  cutStream,
  expectTextsFilled,
  failure,
  fixesOf,
  healthyWorld,
  ids,
  isolate,
  knocksOnly,
  loseLeader,
  names,
  silence,
  statuses,
  withoutCertificate,
} from './kit.ts';

const all = () => names.reduce((world, node) => isolate(world, node), healthyWorld());

test('connected members pass, with or without a certificate', () => {
  expect(statuses(healthyWorld(), rule)).toEqual(['pass', 'pass', 'pass']);
  expect(statuses(withoutCertificate(healthyWorld()), rule)).toEqual(['pass', 'pass', 'pass']);
});

test('one member cut off: it fails, its peers do not', () => {
  for (const world of [isolate(healthyWorld(), 'm3'), withoutCertificate(isolate(healthyWorld(), 'm3'))]) {
    expect(statuses(world, rule)).toEqual(['pass', 'pass', 'fail']);
    const verdict = asFail(world.verdict(rule, 'm3'));
    expect([verdict.reason, verdict.severity, verdict.witness]).toEqual(['leaderless', 'warning', 'stated']);
    expect(verdict.facts['words']).toBe('knows no leader, unlike m1, m2');
    expectTextsFilled(rule, verdict);
  }
});

test('a list that sends its peers elsewhere is shown, with the way to correct it where a member can be asked to', () => {
  const moved = changeLists(isolate(healthyWorld(), 'm3'), (list) =>
    list.map((one) => (one.name === 'm3' ? { ...one, peerUrls: ['https://10.89.0.99:2380'] } : one)),
  );
  const verdict = asFail(moved.verdict(rule, 'm3'));
  expectTextsFilled(rule, verdict);
  expect(String(verdict.facts['elsewhere'])).toBe('the member list sends its peers to 10.89.0.99:2380, its clients to 10.89.0.13');
  const step = fixesOf(moved, rule, verdict).find((fix) => fix.run.some((line) => line.includes('member update')));
  expect(step).toMatchObject({ risk: 'medium', needs: [{ met: 'unknown' }] });
  expect(step?.run[0]).toContain(`member update ${ids.m3} --peer-urls=https://10.89.0.13:2380`);
  expect(step?.undo?.[0]).toContain('--peer-urls=https://10.89.0.99:2380');
  const there = isolate(healthyWorld(), 'm3');
  expect(
    fixesOf(there, rule, asFail(there.verdict(rule, 'm3')))
      .flatMap((fix) => fix.run)
      .join(),
  ).not.toContain('member update');
});

/** Two looks, 15 s apart, between which these members counted so many changes of the leader. */
function counting(changes: Partial<Record<'m1' | 'm2' | 'm3', number>>, world = healthyWorld()) {
  for (const node of names) {
    const item = world.evidence.items.find((one) => one.id === 'etcd.metrics' && one.subject.name === node);
    if (item?.state !== 'known' || item.id !== 'etcd.metrics' || item.value.kind !== 'answered') throw new Error('no counters');
    world.again('etcd.metrics', node, { ...item.value, leaderChanges: item.value.leaderChanges + (changes[node] ?? 0) });
  }
  return world;
}

test('a member that loses its leader again and again, while the others keep theirs, has links that come and go', () => {
  const world = counting({ m2: 6 });
  expect(statuses(world, rule)).toEqual(['pass', 'fail', 'pass']);
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ reason: 'unsteady', severity: 'warning' });
  expect(String(verdict.facts['words'])).toBe('lost its leader 6 times within 15 s, the others kept theirs');
  expectTextsFilled(rule, verdict);
  expect(statuses(counting({ m1: 6, m2: 6, m3: 6 }), rule)).toEqual(['pass', 'pass', 'pass']);
});

test('a stream that is lost belongs to the end that loses its leader too', () => {
  expect(statuses(cutStream(healthyWorld(), 'm1', 'm2'), rule)).toEqual(['fail', 'fail', 'pass']);
  expect(statuses(counting({ m2: 6 }, cutStream(healthyWorld(), 'm1', 'm2')), rule)).toEqual(['pass', 'fail', 'pass']);
});

test('seen on the lab: the counters of one follower still call its dead link up', () => {
  const world = cutStream(cutStream(loseLeader(healthyWorld(), 'm3'), 'm1', 'm3'), 'm3', 'm1');
  expect(statuses(world, rule)).toEqual(['pass', 'pass', 'fail']);
});

test('every pair cut: all fail, and that is an outage', () => {
  expect(statuses(all(), rule)).toEqual(['fail', 'fail', 'fail']);
  const verdict = asFail(all().verdict(rule, 'm1'));
  expect([verdict.reason, verdict.severity, verdict.impact]).toEqual(['streams', 'critical', 'outage']);
  expectTextsFilled(rule, verdict);
});

test('a member whose peer merely is down is not cut off', () => {
  const world = silence(healthyWorld(), 'm2');
  expect(statuses(world, rule)).toEqual(['pass', 'not-applicable', 'pass']);
  const last = silence(silence(loseLeader(healthyWorld(), 'm1'), 'm2'), 'm3');
  expect(statuses(last, rule)).toEqual(['not-applicable', 'not-applicable', 'not-applicable']);
});

test('one broken pair counts for both its ends, and not for the third', () => {
  const world = cutStream(cutStream(healthyWorld(), 'm1', 'm2'), 'm2', 'm1');
  expect(statuses(world, rule)).toEqual(['fail', 'fail', 'pass']);
  expect(asFail(world.verdict(rule, 'm1')).reason).toBe('streams');
});

test('one side that misses the other is enough, and a peer never connected has no counter', () => {
  expect(statuses(cutStream(cutStream(healthyWorld(), 'm3', 'm1'), 'm3', 'm2'), rule)).toEqual(['pass', 'pass', 'fail']);
  const world = changeMetrics(healthyWorld(), 'm3', { activePeers: { [ids.m1]: 1 } });
  expect(statuses(world, rule)).toEqual(['pass', 'fail', 'fail']);
});

test('all leaderless while counters call the streams up: seen for minutes under dropped packets, so unknown', () => {
  const world = names.reduce((one, node) => loseLeader(one, node), healthyWorld());
  expect(statuses(world, rule)).toEqual(['unknown', 'unknown', 'unknown']);
});

test('they elect nobody for so long that the API servers have given up: their votes do not arrive', () => {
  const world = names.reduce((one, node) => loseLeader(one, node), healthyWorld());
  for (const node of names) world.set('api.ready', node, { tries: [answered(node, 500, '[-]etcd failed: reason withheld\n')] });
  expect(statuses(world, rule)).toEqual(['fail', 'fail', 'fail']);
  const verdict = asFail(world.verdict(rule, 'm1'));
  expect([verdict.reason, verdict.witness, verdict.impact]).toEqual(['no-votes', 'agreed', 'outage']);
  expectTextsFilled(rule, verdict);
  expect(silence(world, 'm3').verdict(rule, 'm1').status).toBe('unknown');
});

/** Every voter alive without a leader, which the API servers have noticed; by this maker, whose pods show no flags of etcd. */
function unled(maker: string) {
  const world = names.reduce((one, node) => loseLeader(one, node), healthyWorld());
  for (const node of names) world.set('api.ready', node, { tries: [answered(node, 500, '[-]etcd failed: reason withheld\n')] });
  world.missing('kube.control-plane-pods').missing('kube.kubeadm-config').set('api.version', undefined, { gitVersion: maker });
  return world.set('kube.nodes', undefined, (old) => ({ ...old, nodes: old.nodes.map((node) => ({ ...node, kubeletVersion: maker })) }));
}

const takenOutFor = (seconds: number, world = healthyWorld()) =>
  world.set('lb.stats', undefined, ({ rows }) => ({
    rows: rows.map((row) => (row.type === 'server' ? { ...row, status: 'DOWN', checkStatus: 'L7STS', lastChange: seconds } : row)),
  }));

test('timers that nobody read: likely, and agreed on once HAProxy has had no API server for longer than any maker’s timers take', () => {
  expect(asFail(unled('v1.34.4').verdict(rule, 'm1'))).toMatchObject({ reason: 'no-votes', witness: 'measured' });
  expect(asFail(takenOutFor(9, unled('v1.34.4')).verdict(rule, 'm1'))).toMatchObject({ witness: 'measured' });
  expect(asFail(takenOutFor(10, unled('v1.34.4')).verdict(rule, 'm1'))).toMatchObject({ witness: 'agreed' });
});

test.each(['v1.34.4+k3s1', 'v1.34.4+rke2r1'])('%s: elections take longer there, and one under way is none', (maker) => {
  expect(unled(maker).verdict(rule, 'm1')).toMatchObject({ status: 'unknown', secondLook: 'urged' });
  expect(statuses(takenOutFor(24, unled(maker)), rule)).toEqual(['unknown', 'unknown', 'unknown']);
  expect(asFail(takenOutFor(25, unled(maker)).verdict(rule, 'm1'))).toMatchObject({ reason: 'no-votes', witness: 'agreed' });
});

test('all leaderless and one member’s counters have noticed: both ends of each broken link', () => {
  const world = names.reduce((one, node) => loseLeader(one, node), healthyWorld());
  cutStream(cutStream(world, 'm3', 'm1'), 'm3', 'm2');
  expect(statuses(world, rule)).toEqual(['fail', 'fail', 'fail']);
});

test('a dead peer port beside an answering client port, while other peer ports answer us', () => {
  const world = knocksOnly(healthyWorld()).set('etcd.peer-port', 'm3', { outcome: failure('timeout'), chain: [] });
  const verdict = asFail(world.verdict(rule, 'm3'));
  expect([verdict.reason, verdict.witness]).toEqual(['peer-port', 'measured']);
  expectTextsFilled(rule, verdict);
  expect(world.verdict(rule, 'm1').status).toBe('unknown');
});

test('peer ports closed to us alone prove nothing', () => {
  const closed = (world = healthyWorld()) =>
    names.reduce((one, node) => one.set('etcd.peer-port', node, { outcome: failure('timeout'), chain: [] }), world);
  expect(statuses(closed(), rule)).toEqual(['pass', 'pass', 'pass']);
  expect(statuses(closed(knocksOnly(healthyWorld())), rule)).toEqual(['unknown', 'unknown', 'unknown']);
  const one = healthyWorld().set('etcd.peer-port', 'm3', { outcome: failure('timeout'), chain: [] });
  expect(one.verdict(rule, 'm3').status).toBe('pass');
});

test('a hung client port refutes nothing: a restarted member that found no peers is cut off', () => {
  const world = knocksOnly(healthyWorld()).set('etcd.client-port', 'm3', { outcome: failure('hung'), chain: [] });
  for (const node of ['m1', 'm2'] as const) world.set('etcd.health', node, { kind: 'healthy' });
  expect(asFail(world.verdict(rule, 'm3')).reason).toBe('leaderless');
});

test('open ports without counters do not tell: unknown', () => {
  expect(statuses(knocksOnly(healthyWorld()), rule)).toEqual(['unknown', 'unknown', 'unknown']);
});

test('the plan asks from the node itself and changes nothing', () => {
  const world = isolate(healthyWorld(), 'm3');
  const fixes = fixesOf(world, rule, asFail(world.verdict(rule, 'm3')));
  expect(fixes.map((fix) => [fix.where, fix.risk])).toEqual([['m3', 'none']]);
  expect(fixes[0]?.run.filter((line) => line.startsWith('curl'))).toHaveLength(2);
});
