// Does the lead move from one instance to the next more often than a failure explains?
import { shellWord } from '../../src/judge/shell-word.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { describeDuration } from '../../src/model/time.ts';
import { candidatesOf, startingLimit } from '../../src/judge/readings/component.ts';
import { findLease, leaseSubjects } from '../../src/judge/readings/lease.ts';
import { nodeLimits } from '../../src/judge/readings/node.ts';

export default defineRule({
  id: 'le-flapping',
  area: 'leader',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 5,
  title: 'the lead of {component} moved {moves} times within {span}',
  healthy: 'controller manager and scheduler keep their leaders',
  why: 'After every move a new {component} must read the whole cluster before it works; nearly always the API or etcd is too slow for it.',
  shows: ['{component}  {moves} moves within {span}, now held by {holder}', '  {total} moves since the lease was made'],
  folded: '{component} moved {moves} times within {span}',
  needs: ['kube.leases', 'kube.control-plane-pods', 'kube.nodes', 'kube.node-leases', 'api.ready', 'etcd.clock'],
  limits: {
    ...nodeLimits,
    starting: startingLimit,
    moves: {
      value: 2,
      unit: 'moves between two looks',
      source: 'convention: one move is what a failed or restarted leader causes (recording: a hung etcd leader moves both leases once)',
    },
  },
  reasons: [],
  subjects: (seen) => leaseSubjects(seen),
  judge: (seen, limits, subject) => {
    const looks = seen.samples('kube.leases');
    const [first, last] = [looks[0], looks[looks.length - 1]];
    const find = (look: typeof first) => look && findLease(seen, look.value.leases, subject.name);
    const [before, now] = [find(first), find(last)];
    if (now === undefined) return notApplicable('there is no such lease: le-lease-missing speaks of that');
    if (first === undefined || last === undefined || first === last) return undecided('not sampled: one look only', '--deep');
    if (before === undefined) return undecided('the lease was made between two looks', '--deep');
    const moves = now.transitions - before.transitions;
    const span = describeDuration(last.takenAt - first.takenAt);
    const facts = { component: subject.name, moves, span, holder: now.holder || 'nobody', total: now.transitions };
    if (moves < 0) return undecided('the lease was made anew between two looks', '--deep');
    if (moves < limits.moves) return pass(facts);
    return fail(facts, { witness: 'stated', supports: candidatesOf(seen, subject.name, limits) });
  },
  explains: [],
  fixes: ({ verdicts }) =>
    verdicts.map(({ facts }) => {
      const component = String(facts['component']);
      return {
        do: `See why its leaders give up: look for a slow API before anything else`,
        where: 'here',
        run: [
          `kubectl -n kube-system logs -l ${shellWord(`component=${component}`)} --prefix --tail=100 | grep -iE 'lease|leaderelection|timeout'`,
        ],
        risk: 'none',
        needs: [],
        verify: [
          `kubectl -n kube-system get lease ${shellWord(component)} -o jsonpath='{.spec.leaseTransitions}'   # the same a minute later`,
        ],
      };
    }),
  avoid: () => ['lengthen the lease before the API answers fast again'],
  reading: ['https://kubernetes.io/docs/concepts/architecture/leases/#leader-election'],
  errors: ['leaderelection lost', 'failed to renew lease', 'Failed to update lock: context deadline exceeded'],
});
