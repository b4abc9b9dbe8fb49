// Do the etcd members reach each other quickly enough?
import { shellWord } from '../../src/judge/shell-word.ts';
import { defineRule, fail, notApplicable, pass, suspected, undecided } from '../../src/judge/define-rule.ts';
import { counterWindow } from '../../src/judge/readings/counters.ts';
import { defaultTiming, timingOf } from '../../src/judge/readings/etcd-flags.ts';
import { nodeOf } from '../../src/judge/readings/etcdctl.ts';
import { describeSeconds } from '../../src/judge/readings/histogram.ts';
import { memberAt } from '../../src/judge/readings/member-fixes.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { isSlowTrip, mayBeSlow, type RoundTrip, roundTripsOf, slowestOf, tripLimits } from '../../src/judge/readings/round-trip.ts';
import { countersOf, notCounted } from '../../src/judge/readings/timed.ts';
import { etcdAccessFlags } from '../../src/judge/readings/voters.ts';
import type { Certainty, Link, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import type { Member } from '../../src/model/topology.ts';
import type { Severity } from '../../src/model/verdict.ts';

type Limits = Readonly<Record<'info' | 'warning' | 'elections' | 'least' | 'settled', number>>;

export default defineRule({
  id: 'etcd-peer-rtt',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 0,
  title: 'etcd member {member} waits up to {slowest} for an answer of {peers}',
  healthy: 'the etcd members reach each other quickly',
  why: 'Every write of the cluster waits for the quickest majority of its members; heartbeats that come too late start elections.',
  shows: ['each pairs: {member} -> {peer}  {slow} of {count} round trips took more than {bound}, the slowest {time}'],
  folded: 'up to {slowest} to {peers}',
  needs: [
    'etcd.metrics',
    'etcd.status',
    'etcd.health',
    'etcd.client-port',
    'etcd.peer-port',
    'etcd.members',
    'kube.control-plane-pods',
    'here.files',
  ],
  limits: {
    info: {
      value: 10,
      unit: 'ms for a round trip',
      source: 'https://etcd.io/docs/v3.6/tuning/: the default timers suit a local network',
    },
    warning: {
      value: 150,
      unit: 'ms for a round trip',
      source: 'etcd contrib/mixin/alerts/alerts.libsonnet: etcdMemberCommunicationSlow',
    },
    ...tripLimits,
  },
  reasons: ['slow', 'too-slow-for-elections'],
  subjects: (seen) => membersOf(seen).flatMap((member) => (member.started ? [member.subject] : [])),
  judge: (seen, limits, subject) => {
    const member = memberAt(seen, subject.id);
    if (member === undefined) return undecided(`${subject.name} is no longer known`, etcdAccessFlags);
    if (membersOf(seen).length === 1) return pass({ member: subject.name, peers: 0 });
    const { metrics, judgement } = countersOf(seen, member);
    if (metrics === undefined) return judgement;
    const trips = roundTripsOf(seen, member);
    if (trips === undefined) return notCounted('its peers');
    if (trips.length === 0) return notApplicable('none of its peers answers, which is judged elsewhere');
    const election = timingOf(seen, member)?.election;
    const levels = trips.flatMap((trip) => levelOf(trip, election, limits) ?? []);
    const worst = levels.find((one) => one.tooSlow) ?? [...levels].sort((one, other) => other.bound - one.bound)[0];
    if (worst !== undefined) {
      const alike = levels.filter((one) => one.severity === worst.severity);
      const slowest = describeSeconds(Math.max(...alike.map((one) => slowestOf(one.trip))));
      const facts = { member: subject.name, slowest, peers: alike.map((one) => one.trip.peer).join(', ') };
      const pairs = alike.map(({ trip, bound }) => rowOf(trip, bound));
      const reason = worst.tooSlow ? 'too-slow-for-elections' : 'slow';
      const window = counterWindow(seen, member);
      // Many clusters live with it for long; it is critical once it has cost an election.
      const elected = window !== undefined && window.last.leaderChanges > window.first.leaderChanges;
      const grave = reason === 'too-slow-for-elections' && elected ? ({ severity: 'critical', impact: 'degraded' } as const) : {};
      return fail({ ...facts, pairs }, { reason, severity: worst.severity, witness: 'stated', ...grave });
    }
    if (trips.some((trip) => mayBeSlow(trip, limits.warning / 1000, limits)))
      return suspected('some of its round trips since its start were slow; one look cannot tell when');
    if (trips.some((trip) => trip.since.count < limits.settled && mightBe(trip, limits)))
      return undecided('too few round trips were measured yet: etcd makes one or two a minute', 'run ha-doctor again in some minutes');
    return pass({ member: subject.name, slowest: describeSeconds(Math.max(...trips.map(slowestOf))) });
  },
  explains: [
    {
      to: 'etcd-leader-changes',
      kind: 'causes',
      on: 'cluster',
      because: 'heartbeats that arrive after the election timeout start an election',
      covers: 'any',
      match: 'member',
      when: tooSlowForElections,
      unproven: true,
    },
    {
      to: 'etcd-timing-config',
      kind: 'causes',
      on: 'cluster',
      because: 'the timers do not fit the network they run over',
      produces: ['tight'],
      covers: 'any',
      match: 'member',
      unproven: true,
    },
    { to: 'etcd-heartbeat-late', kind: 'causes', on: 'member', because: 'heartbeats queue up behind a slow connection', unproven: true },
    { to: 'etcd-requests-failing', kind: 'causes', on: 'member', because: 'a request waits for answers of the peers', unproven: true },
    {
      to: 'api-latency-p99',
      kind: 'causes',
      on: 'node',
      because: 'requests wait until etcd’s members agree',
      produces: ['storage', 'itself'],
      unproven: true,
    },
  ],
  fixes: ({ subjects }, seen) =>
    subjects.flatMap((subject) => {
      const member = memberAt(seen, subject.id);
      return member === undefined ? [] : [lookAtNetwork(seen, member)];
    }),
  avoid: () => ['raise the election timeout on one member only: all members need the same', 'member remove: the network stays as it is'],
  reading: ['https://etcd.io/docs/v3.6/tuning/#time-parameters', 'https://etcd.io/docs/v3.6/tuning/#network'],
  errors: ['prober found high clock drift or rtt', 'peer became inactive'],
});

interface Level {
  readonly trip: RoundTrip;
  readonly severity: Severity;
  /** Milliseconds that are exceeded. */
  readonly bound: number;
  readonly tooSlow?: true;
}

function levelOf(trip: RoundTrip, election: number | undefined, limits: Limits): Level | undefined {
  const slow = (milliseconds: number): boolean => isSlowTrip(trip, milliseconds / 1000, limits);
  const bearable = (election ?? Number.POSITIVE_INFINITY) / limits.elections;
  if (slow(bearable)) return { trip, severity: 'warning', bound: bearable, tooSlow: true };
  if (slow(limits.warning)) return { trip, severity: 'warning', bound: limits.warning };
  return slow(limits.info) ? { trip, severity: 'info', bound: limits.info } : undefined;
}

/** Too few probes to call it slow, and not all of them quick. */
function mightBe(trip: RoundTrip, limits: Limits): boolean {
  return trip.since.count < limits.least || isSlowTrip(trip, limits.warning / 1000, { least: 1, settled: 0 });
}

function rowOf(trip: RoundTrip, bound: number) {
  const seconds = bound / 1000;
  const slow =
    trip.since.count - trip.since.buckets.filter(({ upTo }) => upTo <= seconds).reduce((most, { count }) => Math.max(most, count), 0);
  return { peer: trip.peer, time: describeSeconds(slowestOf(trip)), slow, count: trip.since.count, bound: describeSeconds(seconds) };
}

function tooSlowForElections({ cause }: Link, seen: Seen): Certainty {
  if (cause.reason === 'too-slow-for-elections') return 'yes';
  const member = memberAt(seen, cause.subject.id);
  return member !== undefined && timingOf(seen, member) !== undefined ? 'no' : 'unknown';
}

function lookAtNetwork(seen: Seen, member: Member) {
  const others = membersOf(seen).filter((other) => other !== member);
  return {
    do: say('See where the time goes between {node} and its peers', { node: nodeOf(member) }),
    where: nodeOf(member),
    run: others.flatMap((other) => [`ping -c 20 -i 0.2 ${shellWord(other.host)}`, `mtr -rwc 20 ${shellWord(other.host)}`]),
    risk: 'none' as const,
    needs: [],
    verify: [
      `curl -s http://localhost:2381/metrics | grep '^etcd_network_peer_round_trip_time_seconds_sum'   # a round trip times ten is below the election timeout, ${timingOf(seen, member)?.election ?? defaultTiming.election} ms`,
    ],
  };
}
