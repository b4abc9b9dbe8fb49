// Does this member answer requests that need the quorum, and in time?
import { joinAddress } from '../../src/model/address.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { say } from '../../src/model/sentence.ts';
import { defineRule, fail, notApplicable, notSampled, pass, undecided } from '../../src/judge/define-rule.ts';
import { counterWindow } from '../../src/judge/readings/counters.ts';
import { endpointOf, nodeOf, shellFor } from '../../src/judge/readings/etcdctl.ts';
import { memberAt } from '../../src/judge/readings/member-fixes.ts';
import { blamesOurCertificate, type MemberReading, membersOf, readMember } from '../../src/judge/readings/member.ts';
import { metricsOf } from '../../src/judge/readings/member-words.ts';
import { etcdAccessFlags } from '../../src/judge/readings/voters.ts';
import type { Seen } from '../../src/model/rule.ts';
import type { Member } from '../../src/model/topology.ts';
import { viaLocalMember } from './edges/beside-member.ts';

type Needs = 'etcd.read' | 'etcd.metrics' | 'etcd.clock';

export default defineRule({
  id: 'etcd-requests-failing',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 2,
  title: 'etcd member {member} fails requests: {words}',
  healthy: 'the etcd members answer requests that need the quorum, in time',
  why: 'The API servers that use {member} pass the errors and the waiting on to every client.',
  shows: ['{member} {address}  {words}'],
  folded: '{words}',
  needs: [
    'etcd.read',
    'etcd.metrics',
    'etcd.clock',
    'etcd.status',
    'etcd.health',
    'etcd.client-port',
    'etcd.peer-port',
    'etcd.members',
    'kube.control-plane-pods',
  ],
  limits: {
    slow: {
      value: 1000,
      unit: 'milliseconds for one read, beyond what an answer without quorum takes',
      source: 'github.com/ahrtr/etcd-diagnosis read plugin',
    },
    proposals: {
      value: 5,
      unit: 'failed proposals per second',
      source: 'etcd contrib/mixin/alerts/alerts.libsonnet: etcdHighNumberOfFailedProposals',
    },
    warning: {
      value: 1,
      unit: 'percent of gRPC requests',
      source: 'etcd contrib/mixin/alerts/alerts.libsonnet: etcdHighNumberOfFailedGRPCRequests',
    },
    critical: {
      value: 5,
      unit: 'percent of gRPC requests',
      source: 'etcd contrib/mixin/alerts/alerts.libsonnet: etcdHighNumberOfFailedGRPCRequests',
    },
    requests: { value: 100, unit: 'requests in the window at least', source: 'convention: below it one error is a percent' },
  },
  reasons: ['no-leader', 'refused', 'failed', 'slow', 'proposals', 'errors'],
  subjects: (seen) => membersOf(seen).flatMap((member) => (member.started ? [member.subject] : [])),
  judge: (seen, limits, subject) => {
    const member = memberAt(seen, subject.id);
    if (member === undefined) return undecided(`${subject.name} is no longer known`, etcdAccessFlags);
    if (member.learner) return notApplicable('a learner answers no reads, which is judged elsewhere');
    const reading = readMember(seen, member);
    if (reading.kind === 'silent') return notApplicable('it does not answer at all, which is judged elsewhere');
    const named = { member: subject.name, address: joinAddress(member.host, member.clientPort) };
    const item = seen.peek('etcd.read', member.subject);
    const read = item?.state === 'known' ? item.value : undefined;
    if (read?.kind === 'failed' && blamesOurCertificate(read))
      return undecided(`it turns down our etcd certificate: ${read.detail}`, etcdAccessFlags);
    if (read?.kind === 'failed' && reading.kind === 'foreign')
      return notApplicable('it serves another cluster or nobody, which is judged elsewhere');
    if (read !== undefined && read.kind !== 'read') {
      const words =
        read.kind === 'refused'
          ? say('a read is refused: {error}', { error: read.error })
          : say('a read fails: {detail}', { detail: read.detail });
      return fail({ ...named, words }, { reason: reasonFor(read.kind, reading), witness: read.kind === 'refused' ? 'stated' : 'measured' });
    }
    // Only a read that looks slow needs the way there to be known, too.
    if (read !== undefined && read.milliseconds > limits.slow && read.milliseconds - roundTrip(seen, member) > limits.slow) {
      return fail({ ...named, words: say('a read took {milliseconds} ms', { milliseconds: read.milliseconds }) }, { reason: 'slow' });
    }
    const counted = byCounters(seen, member, limits);
    if (counted !== undefined)
      return fail({ ...named, words: counted.words }, { reason: counted.reason, severity: counted.severity, witness: 'stated' });
    if (read !== undefined) return pass({ ...named, milliseconds: read.milliseconds });
    if (counterWindow(seen, member) !== undefined) return pass(named);
    if (metricsOf(seen, member) !== undefined) return notSampled();
    seen.get('etcd.read', member.subject);
    return notSampled();
  },
  explains: [
    { to: 'api-readyz-etcd', kind: 'causes', on: 'node', because: 'its etcd check is such a read', when: viaLocalMember },
    {
      to: 'api-5xx-ratio',
      kind: 'causes',
      on: 'node',
      because: 'the API server beside it passes the errors on',
      when: viaLocalMember,
      unproven: true,
    },
    {
      to: 'api-latency-p99',
      kind: 'causes',
      on: 'node',
      because: 'the API server beside it waits for it',
      produces: ['storage', 'itself'],
      when: viaLocalMember,
      unproven: true,
    },
    {
      to: 'le-flapping',
      kind: 'causes',
      on: 'cluster',
      because: 'a lease that is not renewed in time changes hands',
      covers: 'all',
      match: 'node',
      unproven: true,
    },
  ],
  fixes: ({ subjects }, seen) =>
    subjects.flatMap((subject) => {
      const member = memberAt(seen, subject.id);
      if (member === undefined) return [];
      const { where, etcdctl } = shellFor(seen, member);
      return [
        {
          do: say('Compare a read that needs the quorum with one that {node} answers alone', { node: nodeOf(member) }),
          where,
          run: [`time ${etcdctl} get health`, `time ${etcdctl} get health --consistency=s`],
          risk: 'none' as const,
          needs: [],
          verify: [`etcdctl --endpoints ${shellWord(endpointOf(member))} endpoint health`],
        },
        {
          do: say('When only the first is slow: look at the disk and the network of {node} and of the leader', { node: nodeOf(member) }),
          where: nodeOf(member),
          run: ["curl -s http://localhost:2381/metrics | grep -E 'fsync.*(sum|count)|proposals_(failed|pending)|round_trip'"],
          risk: 'none' as const,
          needs: [],
          verify: [],
        },
      ];
    }),
  avoid: () => ['defragment now: it stops the member for its length'],
  reading: ['https://etcd.io/docs/v3.6/faq/#performance'],
  errors: ['etcdserver: request timed out', 'etcdserver: too many requests', 'context deadline exceeded', 'apply request took too long'],
});

function reasonFor(kind: 'refused' | 'failed', reading: MemberReading) {
  return reading.kind === 'leaderless' ? 'no-leader' : kind;
}

/** Milliseconds that an answer without any quorum took on the same way, handshake included; 0 where none was asked for. */
function roundTrip(seen: Seen<Needs>, member: Member): number {
  const { receivedAt, sentAt } = seen.get('etcd.clock', member.subject);
  return receivedAt - sentAt;
}

function byCounters(
  seen: Seen<Needs>,
  member: Member,
  limits: Readonly<Record<'proposals' | 'warning' | 'critical' | 'requests', number>>,
) {
  const window = counterWindow(seen, member);
  if (window === undefined) return undefined;
  const { first, last, seconds } = window;
  const failed = (last.proposalsFailed - first.proposalsFailed) / seconds;
  if (failed > limits.proposals) {
    return {
      reason: 'proposals',
      severity: 'warning',
      words: say('{failed} proposals fail per second', { failed: failed.toFixed(1) }),
    } as const;
  }
  const requests = last.grpcRequests - first.grpcRequests;
  const percent = ((last.grpcErrors - first.grpcErrors) / requests) * 100;
  if (requests < limits.requests || percent <= limits.warning) return undefined;
  const severity = percent > limits.critical ? 'critical' : 'warning';
  return {
    reason: 'errors',
    severity,
    words: say('{percent} % of {requests} requests failed within {seconds} s', { percent: percent.toFixed(1), requests, seconds }),
  } as const;
}
