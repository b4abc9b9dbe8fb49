// Do all etcd members use the same timers, and do they fit the network?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { type CommandEvidence, type Timing, timingOf } from '../../src/judge/readings/etcd-flags.ts';
import { wayToFlags } from '../../src/judge/readings/component-home.ts';
import { etcdHome } from '../../src/judge/readings/etcd-home.ts';
import { nodeOf } from '../../src/judge/readings/etcdctl.ts';
import { describeSeconds } from '../../src/judge/readings/histogram.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { isSlowTrip, roundTripsOf, slowestOf, tripLimits } from '../../src/judge/readings/round-trip.ts';
import { namesOf, supportsOf } from '../../src/judge/readings/voters.ts';
import type { Certainty, Link, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import { clusterSubject } from '../../src/model/subject.ts';
import type { Member } from '../../src/model/topology.ts';
import { commonTiming, setTiming, timingFor } from './plans/set-timing.ts';

type Needs = CommandEvidence | 'etcd.metrics';
type Limits = Readonly<Record<'ratio' | 'longest' | 'elections' | 'heartbeats' | 'least' | 'settled', number>>;

interface Timed {
  readonly member: Member;
  readonly timing: Timing;
}

export default defineRule({
  id: 'etcd-timing-config',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 1,
  title: 'the timers of etcd {words}',
  healthy: 'all etcd members use the same timers, and they fit the network',
  why: 'A member whose election timeout is shorter than its leader’s pace votes healthy leaders out; a longer one makes every failover wait.',
  shows: ['each members: {name}  heartbeat {heartbeat} ms, election timeout {election} ms'],
  folded: 'the timers {words}',
  needs: [
    'kube.control-plane-pods',
    'here.files',
    'etcd.metrics',
    'etcd.members',
    'etcd.status',
    'etcd.health',
    'etcd.client-port',
    'etcd.peer-port',
  ],
  limits: {
    ratio: {
      value: 5,
      unit: 'heartbeats in an election timeout',
      source: 'etcd server/embed/config.go Validate(): it refuses to start below',
    },
    longest: { value: 50_000, unit: 'ms of election timeout', source: 'etcd server/embed/config.go Validate(): it refuses to start above' },
    ...tripLimits,
    heartbeats: {
      value: 2,
      unit: 'heartbeats in a round trip at the most',
      source: 'https://etcd.io/docs/v3.6/tuning/#time-parameters: 0.5 to 1.5 of it',
    },
  },
  reasons: ['refused', 'unequal', 'tight'],
  subjects: () => [clusterSubject],
  judge: (seen, limits) => {
    const members = membersOf(seen).filter((member) => member.started);
    const timed = members.flatMap((member) => {
      const timing = timingOf(seen, member);
      return timing === undefined ? [] : [{ member, timing }];
    });
    const rows = timed.map(({ member, timing }) => ({ name: member.subject.name, ...timing }));
    const verdict = (odd: readonly Member[]) => ({
      witness: 'stated' as const,
      supports: supportsOf(members, (member) => (odd.includes(member) ? 'lost' : 'good')),
    });
    const refused = timed.filter(({ timing }) => timing.election < limits.ratio * timing.heartbeat || timing.election > limits.longest);
    if (refused.length > 0) {
      const odd = refused.map(({ member }) => member);
      const words = say('are none that etcd starts with: {names}', { names: namesOf(odd) });
      return fail({ words, members: rows }, { reason: 'refused', ...verdict(odd) });
    }
    const common = commonTiming(timed.map(({ timing }) => timing));
    const odd = timed.filter(({ timing }) => !isSame(timing, common)).map(({ member }) => member);
    if (odd.length > 0) {
      const words = say('differ: {names} from the others', { names: namesOf(odd) });
      return fail({ words, members: rows }, { reason: 'unequal', ...verdict(odd) });
    }
    const tight = timed.flatMap((one) => tightOf(seen, one, limits) ?? []);
    if (tight.length > 0) {
      const slowest = Math.max(...tight.map((one) => one.slowest));
      const words = say('do not fit the network, where a round trip takes up to {time}', { time: describeSeconds(slowest) });
      return fail(
        { words, members: rows, roundTrip: Math.ceil(slowest * 1000) },
        { reason: 'tight', ...verdict(tight.map((one) => one.member)) },
      );
    }
    if (timed.length < members.length) {
      const [first] = members.filter((member) => !timed.some((one) => one.member === member));
      seen.get('kube.control-plane-pods');
      const node = first === undefined ? 'each member' : nodeOf(first);
      return undecided(
        `the command line of etcd on ${first?.subject.name ?? 'a member'} was not seen`,
        wayToFlags(etcdHome(seen, members), node),
      );
    }
    return pass({ heartbeat: common.heartbeat, election: common.election });
  },
  explains: [
    {
      to: 'etcd-leader-changes',
      kind: 'causes',
      on: 'cluster',
      because: 'an impatient member calls elections that nobody needs',
      when: startsAnElection,
      unproven: true,
    },
    {
      to: 'etcd-no-leader',
      kind: 'causes',
      on: 'cluster',
      because: 'elections end again before anybody has won them',
      when: startsAnElection,
      unproven: true,
    },
    {
      to: 'etcd-restart-loop',
      kind: 'causes',
      on: 'cluster',
      because: 'etcd refuses to start with such timers',
      produces: ['flag'],
      when: ({ cause }) => (cause.reason === 'refused' ? 'yes' : 'no'),
      unproven: true,
    },
  ],
  fixes: ({ facts, verdicts }, seen) => {
    const [verdict] = verdicts;
    const members = membersOf(seen).filter((member) => member.started);
    if (verdict?.reason === 'tight') return setTiming(seen, members, timingFor(Number(facts['roundTrip'])));
    const odd = (verdict?.supports ?? []).filter((support) => support.state === 'lost').map((support) => support.name);
    const [changed, kept] = [true, false].map((wanted) => members.filter((member) => odd.includes(member.subject.name) === wanted));
    const common = commonTiming((kept ?? []).flatMap((member) => timingOf(seen, member) ?? []));
    return setTiming(seen, changed ?? [], common);
  },
  avoid: () => [
    'change two members at once: each restarts its etcd',
    'leave the members with different timers for longer than the change takes',
  ],
  reading: ['https://etcd.io/docs/v3.6/tuning/#time-parameters'],
  errors: [
    '--election-timeout[',
    'should be at least as 5 times as --heartbeat-interval',
    'is too long, and should be set less than 50000ms',
  ],
});

function isSame(one: Timing, other: Timing): boolean {
  return one.heartbeat === other.heartbeat && one.election === other.election;
}

/** The member whose round trips are too long for its timers, with the seconds of the longest. */
function tightOf(seen: Seen<Needs>, { member, timing }: Timed, limits: Limits) {
  const bearable = Math.min(timing.election / limits.elections, timing.heartbeat * limits.heartbeats) / 1000;
  const slow = (roundTripsOf(seen, member) ?? []).filter((trip) => isSlowTrip(trip, bearable, limits));
  return slow.length === 0 ? undefined : { member, slowest: Math.max(...slow.map(slowestOf)) };
}

/** Where one member's election timeout is shorter than five of another's heartbeats, that leader looks dead to it. */
function startsAnElection({ cause }: Link, seen: Seen<Needs>): Certainty {
  if (cause.reason === 'tight') return 'yes';
  const timings = membersOf(seen).flatMap((member) => timingOf(seen, member) ?? []);
  const quickest = Math.min(...timings.map(({ election }) => election));
  const slowest = Math.max(...timings.map(({ heartbeat }) => heartbeat));
  return quickest < 5 * slowest ? 'yes' : 'unknown';
}
