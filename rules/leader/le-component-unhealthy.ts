// Does every instance of the controller manager and the scheduler run?
import { homeOf, mendWords, tryAgain, wayToLook } from '../../src/judge/readings/component-home.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { say } from '../../src/model/sentence.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { type ComponentEvidence, lostTheLead, readComponent, startingLimit } from '../../src/judge/readings/component.ts';
import { quoteLog } from '../../src/judge/readings/container-log.ts';
import { endingOf } from '../../src/judge/readings/moments.ts';
import { nodeLimits } from '../../src/judge/readings/node.ts';
import type { ControlPlanePod } from '../../src/model/kubernetes.ts';
import type { Fix, Link, Seen } from '../../src/model/rule.ts';

const judged = ['kube-controller-manager', 'kube-scheduler', 'cloud-controller-manager'];

export default defineRule({
  id: 'le-component-unhealthy',
  area: 'leader',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 5,
  title: '{component} on {node} does not run: {words}',
  healthy: 'every controller manager and scheduler runs',
  why: 'One candidate less can lead: {good} of {all} instances of {component} are healthy.',
  shows: ['{node}  {component}  {words}', 'if log:   its log: {log}', '  {good} of {all} instances are healthy'],
  folded: '{component} {words}',
  needs: [
    'kube.control-plane-pods',
    'kube.nodes',
    'kube.node-leases',
    'kube.leases',
    'api.ready',
    'etcd.clock',
    'kube.container-logs',
    'here.container-logs',
  ],
  limits: { ...nodeLimits, starting: startingLimit },
  reasons: ['waiting', 'not-ready'],
  subjects: (seen) =>
    podsOf(seen).map((pod) => {
      const id = `kube-system/Pod/${pod.name}`;
      return { kind: 'object', id, name: `${pod.component} on ${pod.node}`, keys: { node: pod.node, object: id } };
    }),
  judge: (seen, limits, subject) => {
    const { clock } = seen.get('kube.control-plane-pods');
    const pod = podsOf(seen).find((one) => `kube-system/Pod/${one.name}` === subject.id);
    if (pod === undefined) return undecided(`${subject.name} is no longer listed`, 'kubectl -n kube-system get pods -o wide');
    const reading = readComponent(seen, pod, clock, limits);
    if (reading.kind === 'good') return pass({ component: pod.component, node: pod.node, words: reading.words });
    if (reading.kind === 'stale') return undecided(String(reading.words), wayToLook(homeOf(seen, pod.component, pod.node), pod.node));
    if (reading.kind === 'starting') return undecided(`${subject.name} is ${reading.words}: it may just be starting`, '--deep');
    const all = podsOf(seen).filter((one) => one.component === pod.component);
    const healthy = seen.tally(all, (one) => readComponent(seen, one, clock, limits).kind !== 'bad');
    const facts = {
      component: pod.component,
      node: pod.node,
      pod: pod.name,
      words: reading.words,
      good: healthy.yes.length,
      all: all.length,
      ...quoteLog(seen, pod.component, pod.node),
    };
    const none = healthy.yes.length === 0 && healthy.unknown.length === 0;
    // It answers a lost lead by ending, and starts again: that is told of, and looked for elsewhere.
    const mild = lostTheLead(facts) && healthy.yes.length > 0 ? ({ severity: 'info' } as const) : {};
    const grave = none ? ({ severity: 'critical', impact: 'degraded' } as const) : mild;
    return fail(facts, {
      reason: reading.reason,
      witness: 'stated',
      group: pod.component,
      moments: endingOf(seen, pod.component, pod.node),
      ...grave,
    });
  },
  explains: [
    {
      to: 'le-no-standby',
      kind: 'causes',
      on: 'cluster',
      because: 'an instance that does not run cannot take over',
      covers: 'all',
      match: 'node',
      when: sameComponent,
      unproven: true,
    },
    {
      to: 'le-lease-expired',
      kind: 'causes',
      on: 'cluster',
      because: 'a lease is renewed by nobody when no instance that could hold it runs',
      covers: 'every',
      match: 'node',
      when: sameComponent,
      unproven: true,
    },
    {
      to: 'le-flapping',
      kind: 'causes',
      on: 'cluster',
      because: 'an instance that takes the lease and dies gives it to the next one again and again',
      covers: 'any',
      match: 'node',
      when: (link) => (lostTheLead(link.cause.facts) ? 'no' : sameComponent(link)),
      unproven: true,
    },
  ],
  fixes: ({ verdicts }, seen) =>
    verdicts.flatMap(({ facts }) => planFor(seen, String(facts['node']), String(facts['component']), String(facts['pod']))),
  avoid: () => ['restart instances that run: each restart gives up a lease'],
  reading: ['https://kubernetes.io/docs/concepts/architecture/leases/', 'https://kubernetes.io/docs/tasks/debug/debug-cluster/'],
  errors: ['leaderelection lost', 'failed to acquire lease kube-system/kube-controller-manager', 'CrashLoopBackOff'],
});

function podsOf(seen: Seen<ComponentEvidence>): readonly ControlPlanePod[] {
  const { pods } = seen.get('kube.control-plane-pods');
  return pods.filter((pod) => judged.includes(pod.component) && pod.node !== '').sort((one, other) => (one.name < other.name ? -1 : 1));
}

function sameComponent({ cause, effect }: Link): 'yes' | 'no' {
  return effect.subject.name === cause.group ? 'yes' : 'no';
}

/** The container that ended stays where it is: its log is all that says why. */
function planFor(seen: Seen, node: string, component: string, pod: string): readonly Fix[] {
  const home = homeOf(seen, component, node);
  return [
    {
      do: say('See why {component} on {node} ended; "leaderelection lost" alone is its answer to a slow API', { component, node }),
      where: 'here',
      run: [`kubectl -n kube-system logs ${shellWord(pod)} --previous --tail=20`],
      risk: 'none',
      needs: [],
      verify: [],
    },
    {
      do: mendWords(home),
      where: node,
      run: tryAgain(home),
      risk: 'low',
      needs: [{ text: say('{component} on {node} is the broken one', { component, node }), met: 'yes' }],
      verify: [`kubectl -n kube-system get pod ${shellWord(pod)}`],
    },
  ];
}
