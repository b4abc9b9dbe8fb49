// Does this API server stay up, or does its kubelet keep starting it?
import { homeOf, lookAt, readLog, tryAgain, wayToLook } from '../../src/judge/readings/component-home.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { say, type Text } from '../../src/model/sentence.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { ageAt } from '../../src/judge/readings/age.ts';
import { describeDuration } from '../../src/model/time.ts';
import { anotherServes, mastersOf, readApiServer, servesClients } from '../../src/judge/readings/api-server.ts';
import { checkedReasons } from '../../src/judge/readings/backend.ts';
import { quoteLog, type LogEvidence, tellingLineOf } from '../../src/judge/readings/container-log.ts';
import { endingOf } from '../../src/judge/readings/moments.ts';
import { kubeletReports, type PodView, podOn } from '../../src/judge/readings/pod.ts';
import type { Seen } from '../../src/model/rule.ts';

type Needs = LogEvidence | 'etcd.clock' | 'kube.control-plane-pods' | 'kube.nodes' | 'kube.node-leases' | 'api.ready';

export default defineRule({
  id: 'api-restart-loop',
  area: 'apiserver',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 3,
  title: 'the API server on {node} {words}',
  healthy: 'no API server was restarted within the last quarter of an hour',
  why: 'Between two starts {node} serves nobody; each start also costs the API server and its etcd a full reload of all caches.',
  shows: ['{node}  {restarts} restarts so far, the last ended {ago} ago{exit}', 'if log: its log: {log}'],
  folded: '{words}',
  needs: [
    'kube.control-plane-pods',
    'kube.nodes',
    'kube.node-leases',
    'api.ready',
    'etcd.clock',
    'kube.container-logs',
    'here.container-logs',
  ],
  limits: {
    recent: { value: 900, unit: 's', source: 'kubernetes-mixin KubePodCrashLooping: 15 min' },
    stale: { value: 40, unit: 's', source: 'https://kubernetes.io/docs/reference/node/node-status/ (a node lease lasts 40 s)' },
  },
  reasons: ['crash-loop', 'restarting', 'restarted'],
  subjects: (seen) => mastersOf(seen).map((master) => master.subject),
  judge: (seen, limits, subject) => {
    const node = subject.name;
    const view = podOn(seen, 'kube-apiserver', subject.keys.node);
    if (view === undefined) return withoutPod(seen, node);
    const recent = endedWithin(view, limits.recent * 1000);
    if (recent === 'unknown')
      return undecided('the API server that listed the pods told no time', 'kubectl -n kube-system get pods -o wide');
    const facts = {
      node,
      restarts: view.container.restarts,
      ago: recent ?? 'long',
      exit: exitOf(view),
      ...quoteLog(seen, 'kube-apiserver', node),
    };
    const moments = endingOf(seen, 'kube-apiserver', node);
    const looping = view.container.waitingReason === 'CrashLoopBackOff';
    if (recent === undefined && !kubeletReports(seen, node, limits.stale * 1000)) {
      const ended = gaveUp(seen, view, node, limits.recent * 1000);
      if (ended !== undefined && !servesNow(seen, subject.id)) {
        const words = 'keeps ending, by its own log';
        return fail({ ...facts, ago: ended, exit: '', words }, { reason: 'crash-loop', severity: 'critical', witness: 'stated', moments });
      }
      return undecided(
        `the kubelet on ${node} does not report, so nobody knows what became of its pods`,
        `run ha-doctor on ${node}, as root`,
      );
    }
    if (looping) {
      const words = 'keeps ending and waits before its next start';
      return fail(
        { ...facts, words },
        { reason: 'crash-loop', severity: servesNow(seen, subject.id) ? 'warning' : 'critical', witness: 'stated', moments },
      );
    }
    if (recent === undefined) return pass({ node, restarts: view.container.restarts });
    const words = say('was restarted {recent} ago', { recent });
    if (view.container.ready || servesNow(seen, subject.id))
      return fail({ ...facts, words }, { reason: 'restarted', severity: 'info', witness: 'stated', moments });
    return fail(
      { ...facts, words: say('{words} and is not ready', { words }) },
      { reason: 'restarting', severity: 'critical', witness: 'stated', moments },
    );
  },
  explains: [
    {
      to: 'lb-unstable',
      kind: 'causes',
      on: 'node',
      because: 'each start is a server that comes back, each end one that goes',
      produces: ['flapping'],
      unproven: true,
    },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'between two starts nothing listens, or something that does not serve yet',
      produces: ['refused', 'hung', 'closed', 'reset', 'forbidden', 'unsteady'],
    },
    {
      to: 'lb-backend-down',
      kind: 'causes',
      on: 'apiserver',
      because: 'the check fails between two starts',
      produces: checkedReasons,
    },
    {
      to: 'le-flapping',
      kind: 'causes',
      on: 'cluster',
      because: 'a holder loses its lease with every restart',
      covers: 'any',
      match: 'node',
      unproven: true,
    },
  ],
  fixes: ({ facts }, seen) => {
    const node = String(facts['node']);
    const home = homeOf(seen, 'kube-apiserver', node);
    return [
      {
        do: 'See why it ended the last time',
        where: node,
        run: [...lookAt(home), ...readLog(home, {})],
        risk: 'none',
        needs: [],
        verify: [],
      },
      {
        do: 'Once the cause is gone, do not wait for the kubelet’s back-off of up to 5 min',
        where: node,
        run: tryAgain(home),
        risk: 'medium',
        needs: [{ text: 'another API server serves', met: anotherServes(seen, node) }],
        verify: [`kubectl -n kube-system get pod ${shellWord(`kube-apiserver-${node}`)}   # restarts stay the same for 10 min`],
      },
    ];
  },
  avoid: () => [],
  reading: ['https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-restarts'],
  errors: [
    'CrashLoopBackOff',
    'Back-off restarting failed container kube-apiserver',
    'Error while dialing: dial tcp 127.0.0.1:2379: connect: connection refused',
  ],
});

/** A pod that is not listed was either never one, or its kubelet took it away. */
function withoutPod(seen: Seen<Needs>, node: string) {
  const anywhere = seen.get('kube.control-plane-pods').pods.some((pod) => pod.component === 'kube-apiserver');
  if (!anywhere) return notApplicable('API servers do not run as pods here');
  return undecided(`the API lists no pod kube-apiserver-${node}`, wayToLook(homeOf(seen, 'kube-apiserver', node), node));
}

/** How long ago the last container ended, if that is recent. A stale report can hide an ending, never invent one. */
function endedWithin(view: PodView, milliseconds: number): string | undefined | 'unknown' {
  const ended = view.container.lastFinishedAt;
  if (ended === undefined) return undefined;
  if (view.clock === undefined) return 'unknown';
  const age = ageAt(ended, view.clock);
  return age.low < milliseconds ? describeDuration(age.low) : undefined;
}

/** How long ago its log gave a reason for its end; the kubelet keeps that log whether or not it can report. */
function gaveUp(seen: Seen<LogEvidence>, view: PodView, node: string, milliseconds: number): string | undefined {
  const line = tellingLineOf(seen, 'kube-apiserver', node);
  if (line?.final !== true || line.at === undefined || view.clock === undefined) return undefined;
  const age = ageAt(line.at, view.clock);
  return age.low < milliseconds ? describeDuration(age.low) : undefined;
}

function exitOf(view: PodView): Text {
  const code = view.container.lastExitCode;
  return code === undefined ? '' : say(', exit code {code}', { code });
}

function servesNow(seen: Seen<'api.ready'>, id: string): boolean {
  const masters = mastersOf(seen).filter((master) => master.subject.id === id);
  return seen.tally(masters, (master) => servesClients(readApiServer(seen, master))).yes.length > 0;
}
