import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-member-down.ts';
import margin from '../../../rules/etcd/etcd-no-fault-margin.ts';
import { viewOf } from '../../../src/judge/judge.ts';
import type { Trust } from '../../../src/model/network.ts';
import type { Edge } from '../../../src/model/rule.ts';
import { withFlags } from '../../kit/etcd-worlds.ts';
import { gateOf } from '../../kit/texts.ts';
import { answered, failedTries, now } from '../../kit/world.ts';
import {
  addGhost,
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

test('every member of a healthy cluster passes, with and without a certificate', () => {
  expect(statuses(healthyWorld(), rule)).toEqual(['pass', 'pass', 'pass']);
  expect(statuses(withoutCertificate(healthyWorld()), rule)).toEqual(['pass', 'pass', 'pass']);
  expect(statuses(knocksOnly(healthyWorld()), rule)).toEqual(['pass', 'pass', 'pass']);
});

test.each(['refused', 'timeout', 'hung', 'closed', 'reset', 'protocol', 'unreachable'] as const)(
  'a member that answers with %s is down for that reason',
  (why) => {
    const world = silence(healthyWorld(), 'm2', why).set('api.ready', 'm2', { tries: failedTries('m2', 'hung') });
    const verdict = asFail(world.verdict(rule, 'm2'));
    expect(verdict.reason).toBe(why);
    expect(verdict.witness).toBe('agreed');
    expect(verdict.severity).toBe('warning');
    expectTextsFilled(rule, verdict);
    expect(world.verdict(rule, 'm1').status).toBe('pass');
  },
);

test('one that refuses other machines while the API server beside it reads from it listens elsewhere: it votes, and its flag is to be changed', () => {
  const world = withFlags(healthyWorld(), 'etcd', 'm2', '--listen-client-urls=https://127.0.0.1:2379');
  world.set('etcd.client-port', 'm2', { outcome: failure('refused'), chain: [] });
  for (const id of ['etcd.status', 'etcd.health', 'etcd.read', 'etcd.metrics'] as const) world.set(id, 'm2', failure('refused'));
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ reason: 'elsewhere', impact: 'at-risk', witness: 'agreed' });
  expectTextsFilled(rule, verdict);
  expect(world.verdict(margin, 'cluster').status).toBe('pass');
  const runs = fixesOf(world, rule, verdict).flatMap((fix) => fix.run);
  expect(runs.some((line) => line.includes('--listen-client-urls has https://10.89.0.12:2379 in it'))).toBe(true);
  expect(runs.join()).not.toMatch(/member remove|snapshot/);
  const filtered = withFlags(world, 'etcd', 'm2', '--listen-client-urls=https://127.0.0.1:2379,https://10.89.0.12:2379');
  const other = asFail(filtered.verdict(rule, 'm2'));
  expect(String(other.facts['words'])).toContain('a firewall, or an address');
  expect(fixesOf(filtered, rule, other).every(({ risk }) => risk === 'none')).toBe(true);
});

test('the same by its own counters; and where everybody refuses us it is a firewall', () => {
  const refused = (world: ReturnType<typeof healthyWorld>, node: 'm1' | 'm2' | 'm3') =>
    world.set('etcd.client-port', node, { outcome: failure('refused'), chain: [] });
  const world = refused(withoutCertificate(healthyWorld()), 'm2');
  expect(asFail(world.verdict(rule, 'm2')).reason).toBe('elsewhere');
  const all = names.reduce(refused, withoutCertificate(healthyWorld()));
  expect(statuses(all, rule)).toEqual(['pass', 'pass', 'pass']);
  const lost = silence(healthyWorld(), 'm2');
  for (const other of ['m1', 'm3'] as const) cutStream(lost, other, 'm2');
  expect(asFail(lost.verdict(rule, 'm2')).reason).toBe('refused');
});

test('without a certificate and without an API the knock alone decides', () => {
  const world = knocksOnly(silence(healthyWorld(), 'm2')).missing('api.ready', 'm2');
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect([verdict.reason, verdict.witness]).toEqual(['refused', 'measured']);
});

test('the API server beside it is a second witness', () => {
  const world = knocksOnly(silence(healthyWorld(), 'm2')).set('api.ready', 'm2', {
    tries: [answered('m2', 500, '[-]etcd failed: reason withheld\n')],
  });
  expect(asFail(world.verdict(rule, 'm2')).witness).toBe('agreed');
});

test('a server without its own certificate file ends TLS with alert 80, and that is its fault', () => {
  const world = silence(healthyWorld(), 'm2')
    .set('etcd.status', 'm2', failure('tls', 'alert 80', 80))
    .set('etcd.client-port', 'm2', { outcome: failure('tls', 'alert 80', 80), chain: [] });
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect([verdict.reason, verdict.facts['words']]).toEqual(['tls', 'ends TLS with alert 80']);
});

test.each([42, 45, 48, 116])('alert %i blames our certificate: unknown, not down', (alert) => {
  const world = healthyWorld()
    .set('etcd.status', 'm2', failure('tls', `alert ${alert}`, alert))
    .missing('etcd.metrics', 'm2')
    .missing('etcd.health', 'm2');
  const verdict = world.verdict(rule, 'm2');
  expect(verdict.status).toBe('unknown');
  expect(verdict.status === 'unknown' && verdict.gaps[0]?.detail).toContain('certificate we brought');
});

test('a certificate that has ended makes it untrusted though it answers', () => {
  const world = healthyWorld().set('etcd.client-port', 'm2', (old) => ({
    ...old,
    chain: old.chain.map((leaf) => ({ ...leaf, notAfter: '2026-11-20T22:58:31.000Z' })),
  }));
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect([verdict.reason, verdict.witness]).toEqual(['untrusted', 'stated']);
  expectTextsFilled(rule, verdict);
});

test('it is not untrusted when only our own clock says so', () => {
  const world = healthyWorld().set('etcd.client-port', 'm2', (old) => ({
    ...old,
    chain: old.chain.map((leaf) => ({ ...leaf, notAfter: '2026-11-21T03:10:00.000Z' })),
  }));
  world.set('etcd.clock', 'm2', (old) => ({ ...old, serverTime: old.serverTime - 3_600_000 }));
  expect(world.verdict(rule, 'm2').status).toBe('pass');
});

test('a process that waits for its quorum is leaderless, not down', () => {
  const world = knocksOnly(healthyWorld()).set('etcd.client-port', 'm2', { outcome: failure('hung'), chain: [] });
  expect(world.verdict(rule, 'm2').status).toBe('pass');
  expect(
    loseLeader(healthyWorld(), 'm2')
      .set('etcd.client-port', 'm2', { outcome: failure('hung'), chain: [] })
      .verdict(rule, 'm2').status,
  ).toBe('pass');
});

test('a stopped process hangs on every port and is down', () => {
  expect(asFail(silence(healthyWorld(), 'm2', 'hung').verdict(rule, 'm2')).reason).toBe('hung');
});

test('a partitioned member serves its clients', () => {
  expect(isolate(healthyWorld(), 'm3').verdict(rule, 'm3').status).toBe('pass');
});

test('streams that counters call up do not vouch for a host that answers nobody', () => {
  const world = hostGone('timeout');
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect([verdict.reason, verdict.witness]).toEqual(['timeout', 'measured']);
});

/** m2 silent to us altogether, while the load balancer and the other members see nothing amiss. */
function silentToUs(why: 'timeout' | 'refused') {
  const world = silence(healthyWorld(), 'm2', why).set('api.ready', 'm2', { tries: failedTries('m2', why) });
  for (const node of ['m1', 'm3'] as const) changeMetrics(world, node, { activePeers: { [ids.m2]: 1 } });
  return world;
}

/** No client of the load balancer was served by it. */
const hostGone = (why: 'timeout' | 'refused') =>
  silentToUs(why)
    .set('lb.tries', undefined, { tries: [answered('m1', 200, 'ok'), answered('m3', 200, 'ok')] })
    .missing('lb.stats');

test('the machine is silent to us alone: its API server, which needs the member, served through the load balancer', () => {
  expect(silentToUs('timeout').verdict(rule, 'm2').status).toBe('unknown');
  expect(hostGone('timeout').verdict(rule, 'm2').status).toBe('fail');
  expect(silentToUs('refused').verdict(rule, 'm2').status).toBe('fail');
});

test('the check of the load balancer vouches for a machine that is silent to us as well', () => {
  expect(silentToUs('timeout').missing('lb.tries').verdict(rule, 'm2').status).toBe('unknown');
});

test('where nobody else could be asked a silence may be our own path; a stale node lease ends the doubt', () => {
  const alone = silentToUs('timeout').missing('lb.tries').missing('lb.stats');
  expect(alone.verdict(rule, 'm2').status).toBe('unknown');
  const stale = alone.set('kube.node-leases', undefined, (old) => ({
    ...old,
    leases: old.leases.map((lease) => (lease.name === 'm2' ? { ...lease, renewedAt: now - 60_000 } : lease)),
  }));
  expect(asFail(stale.verdict(rule, 'm2')).witness).toBe('agreed');
});

test('every member silent to us while the API servers read from etcd: our path', () => {
  for (const why of ['timeout', 'refused'] as const) {
    const world = names.reduce((one, node) => silence(one, node, why), healthyWorld());
    expect(statuses(world, rule)).toEqual(['unknown', 'unknown', 'unknown']);
  }
});

test('one member times out and the API server beside it reads from it: our path', () => {
  expect(knocksOnly(silence(healthyWorld(), 'm2', 'timeout')).verdict(rule, 'm2').status).toBe('unknown');
});

test('every member times out and nothing else is known: unknown; refused is a host that says no', () => {
  const blind = (why: 'timeout' | 'refused') => names.reduce((one, node) => silence(one, node, why), healthyWorld()).missing('api.ready');
  expect(statuses(blind('timeout'), rule)).toEqual(['unknown', 'unknown', 'unknown']);
  expect(statuses(blind('refused'), rule)).toEqual(['fail', 'fail', 'fail']);
});

test('nobody could look: unknown; a member that was never started is not judged', () => {
  const world = healthyWorld();
  for (const id of ['etcd.status', 'etcd.metrics', 'etcd.health', 'etcd.client-port'] as const) world.missing(id, 'm2');
  expect(world.verdict(rule, 'm2').status).toBe('unknown');
  expect(
    addGhost(healthyWorld())
      .judge(rule)
      .map((verdict) => verdict.subject.name),
  ).toEqual(['m1', 'm2', 'm3']);
});

test('with a quorum left the plan looks, restarts, and replaces only with the member id', () => {
  const world = silence(healthyWorld(), 'm2');
  const fixes = fixesOf(world, rule, asFail(world.verdict(rule, 'm2')));
  expect(fixes.map((fix) => [fix.where, fix.risk])).toEqual([
    ['m2', 'none'],
    ['m2', 'medium'],
    ['here', 'high'],
    ['m1', 'high'],
  ]);
  expect(fixes[2]?.run).toEqual([`etcdctl --endpoints https://10.89.0.11:2379 member remove ${ids.m2}`]);
  expect(fixes[1]?.needs[0]?.met).toBe('yes');
  const view = viewOf(world.evidence, world.topology);
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(rule.avoid({ facts: verdict.facts, subjects: [verdict.subject], verdicts: [verdict] }, view).map(String)).toContain(
    'restart, defragment or drain m1, m3: each is needed for the quorum',
  );
});

test('no removal is printed where the rest would have no quorum, or nobody knows', () => {
  const two = silence(silence(healthyWorld(), 'm2'), 'm3');
  expect(fixesOf(two, rule, asFail(two.verdict(rule, 'm2'))).map((fix) => fix.risk)).not.toContain('high');
  const blind = knocksOnly(silence(healthyWorld(), 'm2'));
  expect(fixesOf(blind, rule, asFail(blind.verdict(rule, 'm2'))).map((fix) => fix.risk)).not.toContain('high');
});

test('it brings about what the API server beside it does only where that one knows no other member', () => {
  const edge = rule.explains.find((one: Edge) => one.to === 'api-readyz-etcd') as Edge;
  const certainty = (world: ReturnType<typeof healthyWorld>) => {
    const cause = asFail(world.verdict(rule, 'm2'));
    return edge.when?.({ cause, effect: cause }, viewOf(world.evidence, world.topology));
  };
  const world = silence(healthyWorld(), 'm2');
  expect(certainty(world)).toBe('yes');
  const all = '--etcd-servers=https://10.89.0.11:2379,https://10.89.0.12:2379';
  world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) => ({
      ...pod,
      containers: pod.containers.map((one) => ({
        ...one,
        command: one.command.map((word) => (word.startsWith('--etcd-servers') ? all : word)),
      })),
    })),
  }));
  expect(certainty(world)).toBe('no');
});

const trustedBy = (node: (typeof names)[number], trust: Trust, world = healthyWorld()) =>
  world.set('etcd.client-port', node, (old) => ({ ...old, trust }));
const strange = { kind: 'untrusted', why: 'unknown-authority', detail: 'signed by another authority' } as const;

test('a certificate for other names is no way for clients, and is made anew rather than the member replaced', () => {
  const world = trustedBy('m2', { kind: 'untrusted', why: 'wrong-name', detail: 'it is for m9, not for 10.89.0.12' });
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect([verdict.reason, verdict.witness]).toEqual(['untrusted', 'stated']);
  const runs = fixesOf(world, rule, verdict).flatMap((fix) => fix.run);
  expect(runs.join('\n')).toContain('kubeadm init phase certs etcd-server --config');
  expect(runs.some((line) => line.includes('member remove'))).toBe(false);
});

test('one certificate of another authority is that member’s, all of them are a wrong authority of ours', () => {
  const one = trustedBy('m2', strange, trustedBy('m1', { kind: 'trusted' }));
  expect(asFail(one.verdict(rule, 'm2')).reason).toBe('untrusted');
  const all = names.reduce((world, node) => trustedBy(node, strange, world), healthyWorld());
  expect(statuses(all, rule)).toEqual(['pass', 'pass', 'pass']);
});

test('a kubelet that refuses at its own port is not silent for the member beside it', () => {
  const world = silence(healthyWorld(), 'm2');
  const cause = asFail(world.verdict(rule, 'm2'));
  const effect = { ...cause, rule: 'ha-node-notready' as const };
  expect(gateOf(rule, world, cause, effect)).toEqual(['yes']);
  world.set('node.kubelet-port', 'm2', { outcome: failure('refused'), chain: [] });
  expect(gateOf(rule, world, cause, effect)).toEqual(['no']);
});
