// Has a member that was added to learn been left a learner?
import { joinAddress } from '../../src/model/address.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { describeDuration } from '../../src/model/time.ts';
import { processAge } from '../../src/judge/readings/counters.ts';
import { endpointOf, nodeOf, shellFor } from '../../src/judge/readings/etcdctl.ts';
import { membersOf, peekMember } from '../../src/judge/readings/member.ts';
import { metricsOf, statusOf } from '../../src/judge/readings/member-words.ts';
import { lookAtProcess, memberAt } from '../../src/judge/readings/member-fixes.ts';
import { countVoters, etcdAccessFlags, memberIdOf } from '../../src/judge/readings/voters.ts';
import { usesOnlyLocalEtcd } from '../../src/judge/readings/wiring.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { Fix, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import type { Member } from '../../src/model/topology.ts';

type Needs = 'etcd.members' | 'etcd.status' | 'etcd.metrics' | 'etcd.clock' | 'etcd.health' | 'etcd.client-port' | 'etcd.peer-port';

export default defineRule({
  id: 'etcd-learner-stuck',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 1,
  title: 'etcd member {member} is still a learner after {age}: {words}',
  healthy: 'every etcd member that was added to learn has become a voter',
  why: 'A learner does not vote and answers no reads: the cluster tolerates as few faults as without it, and an API server that asks it cannot serve.',
  shows: [
    '{member} {address}  learner, its process runs since {age}',
    '{words}',
    'if refused: the leader refused to promote it {refused} times',
  ],
  folded: '{words}',
  needs: ['etcd.members', 'etcd.status', 'etcd.metrics', 'etcd.clock', 'etcd.health', 'etcd.client-port', 'etcd.peer-port'],
  limits: {
    patience: {
      value: 600,
      unit: 's',
      source: 'own choice: five times what kubeadm waits for a promotion (timeouts.etcdAPICall, 2 minutes)',
    },
    promotion: {
      value: 60,
      unit: 's since its process started, where it has caught up',
      source:
        'kubeadm app/util/etcd/etcd.go MemberPromote: asks twice a second until the leader agrees; a kubelet restarts a learner every few minutes (lab)',
    },
    ready: {
      value: 90,
      unit: "percent of the leader's log",
      source: 'etcd server/etcdserver/server.go: readyPercentThreshold, below it a promotion is refused',
    },
  },
  reasons: ['promotable', 'catching-up'],
  subjects: (seen) => {
    const learners = membersOf(seen).filter((member) => member.learner && member.started);
    return (learners.length > 0 ? learners : membersOf(seen)).map((member) => member.subject);
  },
  judge: (seen, limits, subject) => {
    const member = memberAt(seen, subject.id);
    if (member === undefined) return undecided(`${subject.name} is no longer known`, etcdAccessFlags);
    if (!member.started) return notApplicable('it was never started');
    if (!member.learner) return isVoter(seen, member) ? pass({ member: subject.name }) : whoKnows(seen, member);
    const counters = metricsOf(seen, member)?.value;
    const age = counters === undefined ? undefined : processAge(seen, member, counters);
    if (age === undefined) {
      if (peekMember(seen, member)?.kind === 'silent') return notApplicable('it does not answer, which is judged elsewhere');
      return undecided('it is a learner, and nobody can say since when', 'run ha-doctor again ten minutes later');
    }
    const percent = caughtUp(seen, member);
    const patience = percent !== undefined && percent >= limits.ready ? limits.promotion : limits.patience;
    if (age < patience)
      return undecided(
        `it is a learner and was started less than ${describeDuration(patience * 1000)} ago: a join may be running`,
        'run ha-doctor again ten minutes later',
      );
    const facts = { ...named(member), age: describeDuration(age * 1000), refused: refusals(seen), words: wordsFor(percent, limits.ready) };
    return fail(facts, { reason: percent !== undefined && percent < limits.ready ? 'catching-up' : 'promotable', witness: 'stated' });
  },
  explains: [
    {
      to: 'etcd-member-count',
      kind: 'causes',
      on: 'cluster',
      because: 'the voter that is missing is there, and only learns',
      produces: ['even', 'few'],
      covers: 'any',
      match: 'member',
    },
    {
      to: 'etcd-endpoints-mismatch',
      kind: 'causes',
      on: 'node',
      because: 'an API server that lists a learner is refused by it',
      produces: ['learner'],
    },
    {
      to: 'api-readyz-etcd',
      kind: 'causes',
      on: 'node',
      because: 'a learner refuses the reads of the API server beside it',
      when: ({ effect }, seen) => usesOnlyLocalEtcd(seen, effect.subject.keys.node),
      unproven: true,
    },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'an API server that is started beside a learner never gets to serve',
      produces: ['hung', 'refused', 'forbidden', 'closed', 'reset'],
      when: ({ effect }, seen) => usesOnlyLocalEtcd(seen, effect.subject.keys.node),
    },
  ],
  fixes: ({ subjects, verdicts }, seen) =>
    subjects.flatMap((subject) => {
      const member = memberAt(seen, subject.id);
      return member === undefined ? [] : planFor(seen, member, verdicts[0]?.reason);
    }),
  avoid: () => ['add another learner: etcd allows one at a time', 'send clients or an API server to it before it is a voter'],
  reading: ['https://etcd.io/docs/v3.6/learning/design-learner/'],
  errors: [
    'etcdserver: can only promote a learner member which is in sync with leader',
    'rpc not supported for learner',
    'etcdserver: too many learner members in cluster',
  ],
});

function named(member: Member) {
  return { member: member.subject.name, node: nodeOf(member), address: joinAddress(member.host, member.clientPort) };
}

function isVoter(seen: Seen<Needs>, member: Member): boolean {
  const counters = metricsOf(seen, member)?.value;
  return statusOf(seen, member)?.learner === false || counters?.learner === false || listNames(seen, member);
}

function listNames(seen: Seen<Needs>, member: Member): boolean {
  const id = memberIdOf(member);
  return seen
    .every('etcd.members')
    .some(
      (item) => item.state === 'known' && item.value.kind === 'answered' && item.value.members.some((one) => one.id === id && !one.learner),
    );
}

function whoKnows(seen: Seen<Needs>, member: Member) {
  seen.get('etcd.members', member.subject);
  return undecided('nobody told whether it votes', etcdAccessFlags);
}

/** Percent of the leader's log that it has, rounded down; undefined where one of the two did not tell. */
function caughtUp(seen: Seen<Needs>, member: Member): number | undefined {
  const own = statusOf(seen, member);
  const leader = membersOf(seen).flatMap((other) => {
    const status = statusOf(seen, other);
    return status !== undefined && status.leaderId === status.memberId ? [status] : [];
  })[0];
  if (own === undefined || leader === undefined || BigInt(leader.raftIndex) === 0n) return undefined;
  return Number((BigInt(own.raftIndex) * 100n) / BigInt(leader.raftIndex));
}

function wordsFor(percent: number | undefined, ready: number) {
  if (percent === undefined) return 'how far it has caught up was not told';
  if (percent < ready) return say('it has {percent} % of the log, {ready} % are needed', { percent, ready });
  return say('it has {percent} % of the log, nobody promoted it', { percent });
}

function refusals(seen: Seen<Needs>): number | string {
  const counts = membersOf(seen).flatMap((member) => metricsOf(seen, member)?.value.promoteFailures ?? []);
  const most = Math.max(0, ...counts);
  return most === 0 ? '' : most;
}

function planFor(seen: Seen, member: Member, reason: string | undefined): readonly Fix[] {
  const id = memberIdOf(member);
  const helper = countVoters(seen).led.find((one) => one !== member);
  if (id === undefined || helper === undefined) return [];
  const { where, etcdctl } = shellFor(seen, helper);
  const compare: Fix = {
    do: 'See how far it is behind the leader',
    where: 'here',
    run: [
      `etcdctl --endpoints ${shellWord(`${endpointOf(helper)},${endpointOf(member)}`)} endpoint status -w table   # RAFT INDEX, IS LEARNER`,
    ],
    risk: 'none',
    needs: [],
    verify: [],
  };
  const promote: Fix = {
    do: 'Make it a voter; etcd refuses while it is too far behind',
    where,
    run: [`${etcdctl} member promote ${shellWord(id)}`],
    risk: 'medium',
    needs: [
      { text: 'it has caught up with the leader', met: reason === 'promotable' ? 'yes' : 'no' },
      { text: 'its machine is meant to stay: a voter that leaves counts on', met: 'unknown' },
    ],
    verify: [`${etcdctl} member list -w table   # IS LEARNER false`],
  };
  return reason === 'catching-up' ? [compare, lookAtProcess(seen, member), promote] : [promote];
}
