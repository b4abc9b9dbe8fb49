// Does a controller's leader run on a node that reports?
import { homeOf, manifestOf, start } from '../../src/judge/readings/component-home.ts';
import { kubeletPlace, lookAtKubelet } from '../../src/judge/readings/kubelet-home.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { candidatesOf, startingLimit } from '../../src/judge/readings/component.ts';
import { readHolder } from '../../src/judge/readings/holder.ts';
import { isLeftOver, leaseSubjects, readLease } from '../../src/judge/readings/lease.ts';
import { findLease, getLease } from '../../src/judge/readings/lease-place.ts';
import { type NodeReading, nodeLimits, readNode } from '../../src/judge/readings/node.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { say } from '../../src/model/sentence.ts';
import { describeDuration } from '../../src/model/time.ts';
import type { Support } from '../../src/model/verdict.ts';

export default defineRule({
  id: 'le-holder-node-notready',
  area: 'leader',
  since: '0.2.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 5,
  title: 'the leader of {component} is on {node}, which is not Ready',
  healthy: 'every leader runs on a node that is Ready',
  why: 'Static Pods outlive their kubelet: this leader may go on for long, and nothing restarts it when it ends.',
  shows: ['{component}  held by {holder}, {words}', '  {node} not Ready for {duration}'],
  folded: 'led from {node}, {words}',
  needs: ['kube.leases', 'kube.old-locks', 'kube.nodes', 'kube.node-leases', 'kube.control-plane-pods', 'api.ready', 'etcd.clock'],
  limits: {
    ...nodeLimits,
    starting: startingLimit,
    lasting: { value: 60, unit: 'seconds', source: 'convention: longer than the restart of a kubelet takes' },
  },
  reasons: ['renewing', 'stuck'],
  subjects: (seen) => leaseSubjects(seen),
  judge: (seen, limits, subject) => {
    const lease = findLease(seen, seen.get('kube.leases').leases, subject.name);
    if (lease === undefined) return notApplicable('there is no such lease: le-lease-missing speaks of that');
    const holder = readHolder(seen, lease);
    if (holder.kind !== 'node') return notApplicable('its holder is no node: le-holder-node-gone speaks of that');
    const node = holder.node.name;
    const reading = readNode(seen, node, limits);
    if (reading === undefined || reading.kind === 'undecided')
      return undecided(reading?.detail ?? `${node} is no longer listed`, `kubectl get node ${shellWord(node)}`);
    if (reading.kind === 'ready') return pass({ component: subject.name, node });
    const duration = lastsFor(reading, seen.startedAt);
    if (duration === undefined || duration < limits.lasting * 1000)
      return undecided(
        `${node} is not Ready, and not surely for longer than ${limits.lasting} s`,
        `kubectl describe node ${shellWord(node)}`,
      );
    const lead = readLease(seen, subject.name, limits);
    const state = lead.kind;
    if (isLeftOver(seen, subject.name, lead))
      return notApplicable('no instance of it is listed: le-lease-expired speaks of the lease it left');
    if (state === 'undecided') return undecided(`${node} is not Ready; whether its lease is still renewed cannot be told`, '--deep');
    const words = state === 'held' ? 'still renewed' : 'not renewed any more';
    return fail(
      { component: subject.name, holder: lease.holder, node, words, duration: describeDuration(duration) },
      {
        reason: state === 'held' ? 'renewing' : 'stuck',
        witness: 'stated',
        group: node,
        supports: candidatesOf(seen, subject.name, limits),
      },
    );
  },
  explains: [],
  fixes: ({ verdicts }, seen) => {
    const [first] = verdicts;
    const node = String(first?.facts['node']);
    const another = (supports: readonly Support[] | undefined) => (supports ?? []).some((one) => one.name !== node && one.state === 'good');
    const look = {
      do: say('Mend the kubelet of {node} first: see what it says', { node }),
      where: kubeletPlace(seen, node),
      run: lookAtKubelet(seen, node),
      risk: 'none' as const,
      needs: [],
      verify: [`kubectl get node ${shellWord(node)}`],
    };
    return [
      look,
      ...verdicts.flatMap(({ facts, supports, reason }) => {
        const component = String(facts['component']);
        const home = homeOf(seen, component, node);
        // A server of one piece would take its API server and its etcd with it.
        if (home.kind !== 'static-pod') return [];
        const stopped = `crictl stop $(crictl ps -q --name ${shellWord(`^${component}$`)})`;
        return {
          do: say('To have another instance lead {component} until then, stop this one', { component }),
          where: node,
          run: [`mkdir -p /root/held && mv ${manifestOf(home)} /root/held/ && ${stopped}   # its kubelet may not do it`],
          risk: 'low' as const,
          needs: [
            {
              text: say('another instance of {component} can work', { component }),
              met: another(supports) ? ('yes' as const) : ('no' as const),
            },
            { text: 'it still leads from there', met: reason === 'renewing' ? ('yes' as const) : ('no' as const) },
          ],
          verify: [`${getLease(seen, component)}   # another holder within 20 s`],
          undo: start(home).map((command) => `${command}   # when its kubelet reports again`),
        };
      }),
    ];
  },
  avoid: () => ['take the silence of the node for the death of its leader: look at the lease'],
  reading: [
    'https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/',
    'https://kubernetes.io/docs/reference/node/node-status/',
  ],
});

/** Milliseconds it has surely been so; undefined where nothing tells. */
function lastsFor(reading: Extract<NodeReading, { kind: 'notready' | 'stale' }>, startedAt: number): number | undefined {
  if (reading.kind === 'stale') return reading.heartbeat.low;
  return reading.since === undefined ? undefined : startedAt - reading.since.latest;
}
