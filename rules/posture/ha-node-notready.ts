// Does every node report, and does it say that it is ready?
import {
  kubeletPlace,
  lookAtItsDisk,
  lookAtItsLogin,
  lookAtKubelet,
  restartKubelet,
  startRuntime,
} from '../../src/judge/readings/kubelet-home.ts';
import { renewalOf } from '../../src/judge/readings/moments.ts';
import type { Moment } from '../../src/model/verdict.ts';
import { say, type Text } from '../../src/model/sentence.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { defineRule, fail, pass, suspected, undecided } from '../../src/judge/define-rule.ts';
import { describeDuration } from '../../src/model/time.ts';
import { nodeLimits, type NodeEvidence, type NodeLimits, type NodeReading, readNode } from '../../src/judge/readings/node.ts';
import { kubeletIsSilent } from '../../src/judge/readings/host.ts';
import type { Seen } from '../../src/model/rule.ts';

export default defineRule({
  id: 'ha-node-notready',
  area: 'posture',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 6,
  title: 'node {node} is {words}',
  healthy: 'every node reports and is Ready',
  why: 'Nothing new is started on {node}; after 300 s its Pods are moved away, as long as the controller manager works.',
  shows: ['{node}  {words}', 'if heartbeat:   last heartbeat {heartbeat} ago by the cluster’s clocks'],
  folded: '{words}',
  needs: ['kube.nodes', 'kube.node-leases', 'kube.leases', 'kube.control-plane-pods', 'api.ready', 'etcd.clock', 'node.kubelet-port'],
  limits: {
    ...nodeLimits,
    missed: {
      value: 21,
      unit: 'seconds without a heartbeat that make a kubelet suspicious whose port is silent too',
      source:
        'kubernetes/component-helpers apimachinery/lease: it renews every 10 s with a jitter of 4 %; twice that is two renewals missed',
    },
    half: { value: 50, unit: 'percent of the nodes that must be exceeded', source: 'convention: more than half of the capacity is gone' },
  },
  reasons: ['notready', 'heartbeat-stale'],
  subjects: (seen) => {
    const names = seen.get('kube.nodes').nodes.map((node) => node.name);
    return seen.topology.machines.filter((machine) => names.includes(machine.subject.id)).map((machine) => machine.subject);
  },
  judge: (seen, limits, subject) => {
    const reading = readNode(seen, subject.id, limits);
    if (reading === undefined) return undecided(`${subject.name} is no longer listed`, `kubectl get node ${shellWord(subject.name)}`);
    if (reading.kind === 'undecided') return reading.looksOld ? suspected(reading.detail) : undecided(reading.detail, '--deep');
    const note = reading.node.cordoned ? { note: 'cordoned' } : {};
    const fellSilent = reading.kind === 'ready' && reading.heartbeat.low > limits.missed * 1000 && kubeletIsSilent(seen, subject.id);
    if (reading.kind === 'ready' && !fellSilent) return pass({ node: subject.name, ...note });
    const heartbeat = reading.heartbeat === undefined ? '' : describeDuration(Math.max(0, reading.heartbeat.low));
    const grave = reading.node.controlPlane || moreThan(seen, limits);
    return fail(
      { node: subject.name, words: wordsFor(reading), heartbeat },
      {
        severity: grave ? 'critical' : 'warning',
        reason: reading.kind === 'notready' ? 'notready' : 'heartbeat-stale',
        witness: reading.kind === 'notready' ? 'stated' : fellSilent ? 'agreed' : 'measured',
        ...(reading.kind === 'notready' && reading.since !== undefined && { since: reading.since }),
        moments: lastHeartbeat(seen, subject.id),
      },
    );
  },
  explains: [
    { to: 'le-holder-node-notready', kind: 'causes', on: 'node', because: 'it is this node that the leader runs on' },
    {
      to: 'le-no-standby',
      kind: 'causes',
      on: 'cluster',
      because: 'what runs on a node that does not report cannot be relied on',
      covers: 'all',
      match: 'node',
    },
  ],
  fixes: ({ facts, subjects }, seen) => {
    const node = String(facts['node']);
    const where = kubeletPlace(seen, node);
    if (subjects.length > 1) return [];
    return [
      {
        do: say('See what the kubelet on {node} says', { node }),
        where,
        run: [...lookAtKubelet(seen, node), lookAtItsDisk(seen, node), ...(isSilent(seen, node) ? lookAtItsLogin(seen) : [])],
        risk: 'none',
        needs: [],
        verify: [],
      },
      {
        do: 'Mend what that shows, then restart it',
        where,
        run: [...startRuntime(seen, node), restartKubelet(seen, node)],
        risk: 'medium',
        needs: [{ text: 'the API server it talks to is ready', met: 'unknown' }],
        verify: [`kubectl get node ${shellWord(node)}`],
      },
    ];
  },
  avoid: ({ subjects }) =>
    subjects.length > 1
      ? ['restart kubelets: several nodes at once point at what they all report to']
      : ['delete the node object while its host is being looked at'],
  reading: ['https://kubernetes.io/docs/reference/node/node-status/', 'https://kubernetes.io/docs/concepts/architecture/nodes/#heartbeats'],
  errors: ['NodeStatusUnknown', 'Kubelet stopped posting node status.', 'node.kubernetes.io/unreachable'],
});

/** One that says itself what it lacks has logged in. */
function isSilent(seen: Seen<NodeEvidence>, name: string): boolean {
  const nodes = seen.peek('kube.nodes');
  return nodes?.state === 'known' && nodes.value.nodes.some((node) => node.name === name && node.ready !== 'False');
}

function wordsFor(reading: Exclude<NodeReading, { kind: 'undecided' }>): Text {
  if (reading.kind === 'ready') return 'still called Ready, but its kubelet is silent and has missed two reports';
  if (reading.kind === 'stale') return 'called Ready, but its heartbeat has stopped';
  const { ready, readyReason, readyMessage } = reading.node;
  const state = { False: 'not Ready', Unknown: 'not reporting (Ready Unknown)', absent: 'without a Ready condition', True: 'Ready' }[ready];
  const reason = readyMessage === '' ? readyReason : shorten(readyMessage, 80);
  return reason === '' || ready === 'Unknown' ? state : say('{state}: {reason}', { state, reason });
}

/** A kubelet with several complaints writes them all into one line. */
function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most).replace(/\s+\S*$/, '')} …`;
}

/** Nodes whose state is not known do not count as lost. */
function moreThan(seen: Seen<NodeEvidence>, limits: NodeLimits & { readonly half: number }): boolean {
  const names = seen.get('kube.nodes').nodes.map((node) => node.name);
  const lost = seen.tally(names, (name) => ['notready', 'stale'].includes(readNode(seen, name, limits)?.kind ?? 'ready'));
  return lost.yes.length * 100 > limits.half * names.length;
}

/** When its kubelet last reached the API, by its own clock. Empty where nobody could look. */
function lastHeartbeat(seen: Seen<NodeEvidence>, node: string): readonly Moment[] {
  const list = seen.peek('kube.node-leases');
  if (list?.state !== 'known') return [];
  const { leases, clock } = list.value;
  const renewedAt = leases.find((one) => one.name === node)?.renewedAt;
  return renewalOf(seen, renewedAt, clock, node, say('last report of the kubelet on {node}', { node }));
}
