// Is the machine that holds a controller's lease one of the cluster's nodes?
import type { Seen } from '../../src/model/rule.ts';
import { isKubeadm } from '../../src/judge/readings/component-home.ts';
import { kubeletPlace, retireKubelet } from '../../src/judge/readings/kubelet-home.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { candidatesOf, startingLimit } from '../../src/judge/readings/component.ts';
import { readHolder } from '../../src/judge/readings/holder.ts';
import { isLeftOver, leaseSubjects, readLease } from '../../src/judge/readings/lease.ts';
import { findLease, getLease } from '../../src/judge/readings/lease-place.ts';
import { nodeLimits } from '../../src/judge/readings/node.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { say } from '../../src/model/sentence.ts';

const nodesCommand = 'kubectl get nodes -L kubernetes.io/hostname';

export default defineRule({
  id: 'le-holder-node-gone',
  area: 'leader',
  since: '0.2.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 5,
  title: 'the lease of {component} is held from {host}, which is no node of this cluster',
  healthy: 'every leader runs on a node of the cluster',
  why: 'A leader that nobody lists is looked after by nobody: it may be an old machine that was never stopped, with an old configuration.',
  shows: ['{component}  held by {holder}', '  {words}'],
  folded: 'held from {host}',
  needs: ['kube.leases', 'kube.old-locks', 'kube.nodes', 'kube.control-plane-pods', 'kube.node-leases', 'api.ready', 'etcd.clock'],
  limits: { ...nodeLimits, starting: startingLimit },
  reasons: ['gone', 'foreign'],
  subjects: (seen) => leaseSubjects(seen),
  judge: (seen, limits, subject) => {
    const lease = findLease(seen, seen.get('kube.leases').leases, subject.name);
    if (lease === undefined) return notApplicable('there is no such lease: le-lease-missing speaks of that');
    const holder = readHolder(seen, lease);
    if (holder.kind === 'nobody') return notApplicable('nobody holds it: le-lease-expired speaks of that');
    if (holder.kind === 'node') return pass({ component: subject.name, host: holder.node.name });
    const outside = !seen.get('kube.nodes').nodes.some((node) => node.controlPlane);
    if (outside || seen.topology.platform.kind === 'managed')
      return notApplicable('the controllers run on machines that are not meant to be nodes of this cluster');
    if (holder.kind === 'opaque') return undecided(`the holder ${lease.holder} does not name its machine`, nodesCommand);
    // A node by another name has its machine's address all the same.
    if (holder.kind === 'elsewhere' && !runsWithoutNode(seen))
      return undecided(`no node is called ${holder.host}, and an API server runs there: it may be a node by another name`, nodesCommand);
    const reading = readLease(seen, subject.name, limits);
    if (isLeftOver(seen, subject.name, reading))
      return notApplicable('no instance of it is listed: le-lease-expired speaks of the lease it left');
    const facts = { component: subject.name, holder: lease.holder, host: holder.host };
    const supports = candidatesOf(seen, subject.name, limits);
    if (reading.kind === 'held')
      return fail({ ...facts, words: 'it renews the lease: something runs there' }, { reason: 'foreign', witness: 'stated', supports });
    if (reading.kind === 'expired')
      return fail(
        { ...facts, words: 'the lease is not renewed any more' },
        { reason: 'gone', severity: 'critical', witness: 'stated', supports },
      );
    return undecided(`no node is called ${holder.host}, and whether the lease is still renewed from there cannot be told`, '--deep');
  },
  explains: [
    {
      to: 'le-lease-expired',
      kind: 'causes',
      on: 'object',
      because: 'who held it is gone, and nobody is left to take it',
      // Another instance that could work takes an abandoned lease within seconds.
      when: ({ cause, effect }) =>
        cause.reason !== 'gone' ? 'no' : (effect.supports ?? []).some((support) => support.state === 'good') ? 'unknown' : 'yes',
      unproven: true,
    },
  ],
  fixes: ({ verdicts }, seen) =>
    verdicts.flatMap(({ facts, reason }) => {
      const lease = `${getLease(seen, String(facts['component']))} -o jsonpath='{.spec}'`;
      const look = {
        do: say('See which machine {host} is', { host: String(facts['host']) }),
        where: 'here',
        run: [nodesCommand, lease],
        risk: 'none' as const,
        needs: [],
        verify: [],
      };
      if (reason !== 'foreign') return [look];
      return [
        look,
        {
          do: say('If it is a machine that was taken out of the cluster: stop {component} there', {
            component: String(facts['component']),
          }),
          where: kubeletPlace(seen, String(facts['host'])),
          run: stopForGood(seen, String(facts['component'])),
          risk: 'medium' as const,
          needs: [{ text: 'that machine is not meant to be part of this cluster', met: 'unknown' as const }],
          verify: [`${lease}   # another holder within 20 s`],
          undo: retireKubelet(seen).undo,
        },
      ];
    }),
  avoid: () => ['delete the lease while something still renews it: it takes it again at once'],
  reading: ['https://kubernetes.io/docs/concepts/architecture/leases/#leader-election'],
});

/** Whether an API server runs on a machine whose address no node has: its node was deleted, or it never got one. */
function runsWithoutNode(seen: Seen<'kube.nodes'>): boolean {
  const { nodes } = seen.get('kube.nodes');
  return seen.topology.masters.some(
    ({ doors, subject }) =>
      !nodes.some(
        ({ name, internalAddresses }) => name === subject.keys.node || doors.some(({ host }) => internalAddresses.includes(host)),
      ),
  );
}

/** The kubelet of a machine that was taken out would start it again. */
function stopForGood(seen: Seen, component: string): readonly string[] {
  const { run } = retireKubelet(seen);
  return isKubeadm(seen) ? [...run, `crictl stop $(crictl ps -q --name ${shellWord(`^${component}$`)})`] : run;
}
