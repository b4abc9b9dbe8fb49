// Is this etcd member cut off from its peers while it is alive?
import { joinAddress } from '../../src/model/address.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { say, type Text } from '../../src/model/sentence.ts';
import { checkedReasons } from '../../src/judge/readings/backend.ts';
import { defineRule, fail, notApplicable, pass, suspected, undecided } from '../../src/judge/define-rule.ts';
import { anApiServerReadsEtcd } from '../../src/judge/readings/etcd-path.ts';
import { type Counted, electionLimits, electionsSeen } from '../../src/judge/readings/elections.ts';
import { describeDuration } from '../../src/model/time.ts';
import { type Cut, whyCutOff } from '../../src/judge/readings/cut-off.ts';
import { nodeOf } from '../../src/judge/readings/etcdctl.ts';
import { isAlive, type MemberReading, membersOf, peekMember, readMember } from '../../src/judge/readings/member.ts';
import { doNotStop, memberAt } from '../../src/judge/readings/member-fixes.ts';
import { aliveMembers, linksOf } from '../../src/judge/readings/peers.ts';
import { couldNotAsk, countVoters, etcdAccessFlags, namesOf } from '../../src/judge/readings/voters.ts';
import type { Edge, Seen } from '../../src/model/rule.ts';
import type { Member } from '../../src/model/topology.ts';
import { mendLinks } from './plans/mend-links.ts';
import { viaLocalKubelet, viaLocalMember } from './edges/beside-member.ts';

type Needs =
  | 'api.ready'
  | 'kube.control-plane-pods'
  | 'here.files'
  | 'lb.stats'
  | 'etcd.clock'
  | 'etcd.status'
  | 'etcd.metrics'
  | 'etcd.health'
  | 'etcd.client-port'
  | 'etcd.peer-port'
  | 'etcd.members';

export default defineRule({
  id: 'etcd-partition',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 2,
  title: 'etcd member {member} is cut off from its peers: {words}',
  healthy: 'the etcd members that are alive reach each other',
  why: 'A member without its peers answers no write and no current read; the API server that uses it goes down with it.',
  shows: ['{member} {peerAddress}  {words}', 'if elsewhere: {elsewhere}'],
  folded: '{words}',
  needs: [
    'etcd.metrics',
    'etcd.status',
    'etcd.health',
    'etcd.client-port',
    'etcd.peer-port',
    'etcd.members',
    'etcd.clock',
    'api.ready',
    'kube.control-plane-pods',
    'here.files',
    'lb.stats',
  ],
  limits: {
    ...electionLimits,
    timeouts: {
      value: 5,
      unit: 'election timeouts without a leader, at every look',
      source: 'etcd raft/raft.go: a voter calls an election after one to two of them (1 s each by default), and again after a split vote',
    },
    patience: {
      value: 10,
      unit: 's without a leader where no timer was read',
      source: 'two election timeouts of 5 s, the longest that makers of clusters set: kubespray roles/etcd_defaults, k3s pkg/etcd',
    },
  },
  reasons: ['leaderless', 'streams', 'peer-port', 'no-votes', 'unsteady'],
  confirm: { evidence: ['etcd.status', 'etcd.metrics'], times: 6, everyMs: 1000 },
  subjects: (seen) => membersOf(seen).flatMap((member) => (member.started ? [member.subject] : [])),
  judge: (seen, limits, subject) => {
    const member = memberAt(seen, subject.id);
    if (member === undefined) return undecided(`${subject.name} is no longer known`, etcdAccessFlags);
    const reading = readMember(seen, member);
    if (!isAlive(reading)) return notApplicable('it does not answer: whether it is down is judged elsewhere');
    const others = aliveMembers(seen).filter((other) => other !== member);
    if (others.length === 0) return notApplicable('no other member is alive to be cut off from');
    const { alone } = electionsSeen(seen, limits);
    const cut = whyCutOff(seen, member, reading, others, limits) ?? unsteady(member, alone);
    if (cut?.reason === 'streams' && isOnOtherSide(seen, member, alone))
      return pass({ member: subject.name, note: 'it has lost streams with one member only, which loses its leader' });
    if (cut === undefined) return connected(seen, member, reading, others);
    const facts = {
      member: subject.name,
      node: nodeOf(member),
      peerAddress: joinAddress(member.host, member.peerPort),
      words: cut.words,
      others: namesOf(others),
      elsewhere: elsewhere(member),
    };
    const worst = countVoters(seen).led.length === 0 ? ({ severity: 'critical', impact: 'outage' } as const) : {};
    return fail(facts, { ...worst, reason: cut.reason, witness: witnessOf(cut, reading) });
  },
  explains: [
    { to: 'etcd-lag', kind: 'causes', on: 'member', because: 'what its peers commit does not reach it', unproven: true },
    {
      to: 'etcd-no-leader',
      kind: 'causes',
      on: 'cluster',
      because: 'voters that do not hear each other elect nobody',
      covers: 'quorum',
      match: 'member',
    },
    {
      to: 'etcd-leader-disagreement',
      kind: 'causes',
      on: 'cluster',
      because: 'a member that is cut off keeps the view it had',
      covers: 'any',
      match: 'member',
      unproven: true,
    },
    {
      to: 'etcd-leader-changes',
      kind: 'causes',
      on: 'cluster',
      because: 'links that come and go take the leader with them',
      covers: 'any',
      match: 'member',
      unproven: true,
    },
    {
      to: 'etcd-no-fault-margin',
      kind: 'causes',
      on: 'cluster',
      because: 'a voter without its peers is of no use to the quorum',
      covers: 'any',
      match: 'member',
    },
    { to: 'etcd-requests-failing', kind: 'causes', on: 'member', because: 'it cannot confirm a read or a write with the leader' },
    throughApiServer('api-readyz-etcd', 'the API server beside it reads only from it'),
    {
      ...throughApiServer('api-master-unreachable', 'an API server restarted without a readable etcd never serves'),
      produces: ['hung', 'refused', 'forbidden', 'closed', 'reset'],
    },
    { ...throughApiServer('api-restart-loop', 'the liveness probe of the API server beside it contains the etcd check'), unproven: true },
    { ...throughApiServer('lb-backend-down', 'the API server beside it fails its readiness check'), produces: checkedReasons },
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'node',
      because: 'the kubelet reports to the API server beside it',
      when: viaLocalKubelet,
    },
  ],
  fixes: ({ subjects }, seen) => subjects.flatMap((subject) => mendLinks(seen, memberAt(seen, subject.id))),
  avoid: ({ subjects }, seen) => {
    const inferred = subjects.some((subject) => neverLed(seen, memberAt(seen, subject.id)));
    return [
      inferred
        ? 'member remove, restore, before its log says why it reaches no quorum: network, peer certificate, or another cluster’s data'
        : 'member remove, restore: the data is sound, the network is not',
      ...doNotStop(seen),
    ];
  },
  reading: ['https://etcd.io/docs/v3.6/op-guide/failures/#network-partition'],
  errors: ['etcdserver: no leader', 'lost TCP streaming connection with remote peer', 'prober detected unhealthy status'],
});

/** Empty where peers and clients are sent to one host. */
function elsewhere(member: Member): Text {
  const { peerHost, host, peerPort } = member;
  if (peerHost === undefined) return '';
  return say('the member list sends its peers to {peer}, its clients to {host}', { peer: joinAddress(peerHost, peerPort), host });
}

/** Its links come and go: at this moment they may all be up. */
function unsteady(member: Member, alone: Counted | undefined): Cut | undefined {
  if (alone === undefined || alone.member !== member) return undefined;
  const facts = { changes: alone.changes, window: describeDuration(alone.seconds * 1000) };
  return { reason: 'unsteady', words: say('lost its leader {changes} times within {window}, the others kept theirs', facts) };
}

/** A stream has two ends: it is lost on the side of the one that loses its leader too. */
function isOnOtherSide(seen: Seen<Needs>, member: Member, alone: Counted | undefined): boolean {
  if (alone === undefined || alone.member === member) return false;
  return linksOf(seen, member).broken.every((one) => one === alone.member);
}

/** Such a member may as well be of another cluster: the others then refuse it, and the network is good. */
function neverLed(seen: Seen, member: Member | undefined): boolean {
  const reading = member === undefined ? undefined : peekMember(seen, member);
  return reading?.kind === 'leaderless' && reading.neverLed === true;
}

/** What is inferred from others’ silence is not the member's own word. */
function witnessOf(cut: Cut, reading: MemberReading): 'stated' | 'agreed' | 'measured' {
  if (cut.reason === 'no-votes') return cut.unsure ? 'measured' : 'agreed';
  return reading.kind === 'leaderless' && reading.neverLed !== true ? 'stated' : 'measured';
}

function throughApiServer(
  to: 'api-readyz-etcd' | 'api-master-unreachable' | 'api-restart-loop' | 'lb-backend-down',
  because: string,
): Edge {
  return { to, kind: 'causes', on: 'node', because, when: viaLocalMember };
}

/**
 * Following a leader takes a link to it. Without one, a counter that calls a stream up proves nothing: seen on the lab, it
 * does so for minutes while every packet is dropped.
 */
function connected(seen: Seen<Needs>, member: Member, reading: MemberReading, others: readonly Member[]) {
  const { up } = linksOf(seen, member);
  if (reading.kind === 'led') return pass({ member: member.subject.name, streams: up.length });
  if (reading.kind === 'listening' && up.length === others.length && countVoters(seen).led.length > 0) {
    return pass({ member: member.subject.name, streams: up.length });
  }
  const { voters, leaderless } = countVoters(seen);
  // An election may be under way at this very moment, and nobody else has noticed that it takes too long.
  if (leaderless.length === voters.length && leaderless.includes(member) && anApiServerReadsEtcd(seen) !== 'yes')
    return suspected('no voter knows a leader at this moment: an election may be under way');
  if (up.length > 0)
    return undecided('it has no leader, and its counters lag minutes behind a network that drops packets', lookFrom(member, others));
  return couldNotAsk(seen, [member, ...others], 'no counter tells whether it reaches its peers');
}

function lookFrom(member: Member, others: readonly Member[]): string {
  const other = others[0] ?? member;
  return `on ${nodeOf(member)}: nc -zvw2 ${shellWord(other.host)} ${other.peerPort}`;
}
