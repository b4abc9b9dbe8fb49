// Does this etcd member stay up, or does its kubelet keep starting it?
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { ageAt } from '../../src/judge/readings/age.ts';
import { homeOf, wayToLook } from '../../src/judge/readings/component-home.ts';
import { describeDuration } from '../../src/model/time.ts';
import type { LogEvidence } from '../../src/judge/readings/container-log.ts';
import { processAge } from '../../src/judge/readings/counters.ts';
import { type End, type Ending, endings, endOf } from '../../src/judge/readings/etcd-end.ts';
import { nodeOf } from '../../src/judge/readings/etcdctl.ts';
import { endingOf } from '../../src/judge/readings/moments.ts';
import { memberAt } from '../../src/judge/readings/member-fixes.ts';
import { isAlive, type MemberEvidence, membersOf, peekMember } from '../../src/judge/readings/member.ts';
import { metricsOf } from '../../src/judge/readings/member-words.ts';
import { kubeletReports, type PodView, podOn } from '../../src/judge/readings/pod.ts';
import { etcdAccessFlags } from '../../src/judge/readings/voters.ts';
import type { Seen } from '../../src/model/rule.ts';
import { say, type Text } from '../../src/model/sentence.ts';
import { planForEnding } from './plans/end-restarts.ts';
import { viaLocalMember } from './edges/beside-member.ts';

type Needs = MemberEvidence | LogEvidence | 'api.ready' | 'etcd.clock' | 'kube.control-plane-pods' | 'kube.nodes' | 'kube.node-leases';

/** What each ending means, for a title that begins with "etcd on m2". */
const meanings: Readonly<Record<Ending | 'memory' | 'unknown', Text>> = {
  wiped: 'its data is gone, yet the cluster still counts it as a member',
  removed: 'the cluster has removed it',
  inconsistent: 'its data differs from that of its peers, and it refuses to serve',
  'initial-cluster': 'its list of initial members does not fit',
  certificate: 'it cannot read one of its certificates or keys',
  'no-space': 'its disk is full',
  port: 'another process has its port, or its address is not on this machine',
  flag: 'it does not accept its command line',
  memory: 'it was ended for its memory',
  unknown: 'why, its log would say',
};

export default defineRule({
  id: 'etcd-restart-loop',
  area: 'etcd',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 1,
  title: 'etcd on {node} keeps ending: {words}',
  healthy: 'no etcd member was restarted within the last quarter of an hour',
  why: 'Between two starts {node} has no etcd, and an API server that knows only this member serves nobody.',
  shows: ['{node}  {restarts} restarts so far, the last ended {ago} ago{exit}', 'if log: its last words: {log}'],
  folded: '{words}',
  needs: [
    'kube.control-plane-pods',
    'kube.nodes',
    'kube.node-leases',
    'api.ready',
    'etcd.clock',
    'kube.container-logs',
    'here.container-logs',
    'etcd.client-port',
    'etcd.peer-port',
    'etcd.status',
    'etcd.health',
    'etcd.metrics',
    'etcd.members',
    'etcd.clock',
  ],
  limits: {
    recent: { value: 900, unit: 's', source: 'kubernetes-mixin KubePodCrashLooping: 15 min' },
    stale: { value: 40, unit: 's', source: 'https://kubernetes.io/docs/reference/node/node-status/ (a node lease lasts 40 s)' },
    loop: { value: 2, unit: 'restarts', source: 'convention: one may be on purpose' },
  },
  reasons: [...endings, 'memory', 'unknown'],
  subjects: (seen) => membersOf(seen).flatMap((member) => (member.started ? [member.subject] : [])),
  judge: (seen, limits, subject) => {
    const member = memberAt(seen, subject.id);
    if (member === undefined) return undecided(`${subject.name} is no longer known`, etcdAccessFlags);
    const node = nodeOf(member);
    const look = wayToLook(homeOf(seen, 'etcd', member.subject.keys.node), node);
    const view = podOn(seen, 'etcd', member.subject.keys.node);
    if (view === undefined) return withoutPod(seen, node, look);
    if (view.clock === undefined) return undecided('the API server that listed the pods told no time', look);
    const { container, clock } = view;
    const end = endOf(seen, node);
    const within = (moment: number | undefined): string | undefined => {
      const age = moment === undefined ? undefined : ageAt(moment, clock).low;
      return age !== undefined && age < limits.recent * 1000 ? describeDuration(age) : undefined;
    };
    const reading = peekMember(seen, member);
    const alive = reading !== undefined && isAlive(reading);
    const recent = within(container.lastFinishedAt);
    const facts = { node, restarts: container.restarts, exit: exitOf(view), ...(end !== undefined && { log: end.line }) };
    const reason = container.lastReason === 'OOMKilled' ? 'memory' : (end?.reason ?? 'unknown');
    const told = { ...facts, words: meanings[reason] };
    const moments = endingOf(seen, 'etcd', node);
    if (container.waitingReason === 'CrashLoopBackOff' && !alive)
      return fail({ ...told, ago: recent ?? 'long' }, { reason, witness: 'stated', moments });
    // A process that says itself for how long it has been running needs no kubelet to vouch for it.
    const metrics = alive ? metricsOf(seen, member)?.value : undefined;
    const age = metrics && processAge(seen, member, metrics);
    if (age !== undefined && age >= limits.recent) return pass({ node, restarts: container.restarts });
    if (recent === undefined && !kubeletReports(seen, node, limits.stale * 1000))
      return byItsLog(end, within(end?.at), alive, told, node, look);
    if (recent === undefined) return pass({ node, restarts: container.restarts });
    if (alive)
      return fail(
        { ...told, ago: recent, words: say('it was restarted {recent} ago', { recent }) },
        { reason, severity: 'info', witness: 'stated', moments },
      );
    return fail(
      { ...told, ago: recent },
      { reason, severity: container.restarts >= limits.loop ? 'critical' : 'warning', witness: 'stated', moments },
    );
  },
  explains: [
    {
      to: 'etcd-member-down',
      kind: 'causes',
      on: 'member',
      because: 'between two starts nothing listens',
      produces: ['refused', 'hung', 'closed', 'reset'],
    },
    {
      to: 'etcd-no-fault-margin',
      kind: 'causes',
      on: 'cluster',
      because: 'a voter that keeps ending cannot stand in for another',
      covers: 'any',
      match: 'member',
    },
    {
      to: 'api-readyz-etcd',
      kind: 'causes',
      on: 'node',
      because: 'the API server reads from the member beside it',
      when: viaLocalMember,
    },
    {
      to: 'api-restart-loop',
      kind: 'causes',
      on: 'node',
      because: 'its liveness probe contains the etcd check',
      when: viaLocalMember,
      unproven: true,
    },
  ],
  fixes: ({ subjects, verdicts }, seen) =>
    subjects.flatMap((subject) => {
      const member = memberAt(seen, subject.id);
      const reason = verdicts.find((verdict) => verdict.subject.id === subject.id)?.reason ?? 'unknown';
      return member === undefined ? [] : planForEnding(seen, member, reason);
    }),
  avoid: ({ verdicts }) => {
    const reasons = verdicts.map((verdict) => verdict.reason);
    const data = reasons.some((one) => one === 'wiped' || one === 'removed' || one === 'inconsistent');
    return [
      'delete the data folder before it is copied: it may be the last good copy',
      ...(data ? ['restart it again and again: it will end the same way each time'] : []),
    ];
  },
  reading: ['https://etcd.io/docs/v3.6/op-guide/runtime-configuration/', 'https://etcd.io/docs/v3.6/op-guide/data_corruption/'],
  errors: [
    'member has already been bootstrapped',
    'the member has been permanently removed from the cluster',
    'found data inconsistency with peers',
    'tocommit(5) is out of range [lastIndex(0)]. Was the raft log corrupted, truncated, or lost?',
    'flag provided but not defined',
    'Back-off restarting failed container etcd',
  ],
});

/** Its kubelet does not report, so the API shows an old state of the pod; the log is as it is. */
function byItsLog(
  end: End | undefined,
  ago: string | undefined,
  alive: boolean,
  told: Readonly<Record<string, Text | number>>,
  node: string,
  look: string,
) {
  if (end?.final === true && ago !== undefined && !alive)
    return fail({ ...told, ago, exit: '' }, { reason: end.reason, witness: 'stated' });
  return undecided(`the kubelet on ${node} does not report, so nobody knows what became of its pods`, look);
}

/** A pod that is not listed was either never one, or its kubelet took it away. */
function withoutPod(seen: Seen<Needs>, node: string, look: string) {
  const anywhere = seen.get('kube.control-plane-pods').pods.some((pod) => pod.component === 'etcd');
  return anywhere ? undecided(`the API lists no pod etcd-${node}`, look) : notApplicable('etcd does not run as pods here');
}

function exitOf({ container }: PodView): Text {
  const code = container.lastExitCode;
  return code === undefined ? '' : say(', exit code {code}', { code });
}
