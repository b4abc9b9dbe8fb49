// Does the lead move from one instance to the next more often than a failure explains?
import { shellWord } from '../../src/judge/shell-word.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import type { LeadTaken, LeaseSeen } from '../../src/model/kubernetes.ts';
import { describeDuration } from '../../src/model/time.ts';
import { ageAt } from '../../src/judge/readings/age.ts';
import { candidatesOf, startingLimit } from '../../src/judge/readings/component.ts';
import { leaseSubjects } from '../../src/judge/readings/lease.ts';
import { findLease, getLease } from '../../src/judge/readings/lease-place.ts';
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
  needs: ['kube.leases', 'kube.leads-taken', 'kube.control-plane-pods', 'kube.nodes', 'kube.node-leases', 'api.ready', 'etcd.clock'],
  limits: {
    ...nodeLimits,
    starting: startingLimit,
    moves: {
      value: 2,
      unit: 'moves between two looks',
      source: 'convention: one move is what a failed or restarted leader causes (recording: a hung etcd leader moves both leases once)',
    },
    often: {
      value: 4,
      unit: 'moves within the window',
      source: 'convention: three masters that are upgraded one after the other move it three times',
    },
    window: { value: 600, unit: 's', source: 'convention: moves that are farther apart are failures of their own' },
    recent: { value: 900, unit: 's', source: 'convention: who has led for longer is steady again' },
  },
  reasons: ['now', 'lately'],
  subjects: (seen) => leaseSubjects(seen),
  judge: (seen, limits, subject) => {
    const looks = seen.samples('kube.leases');
    const [first, last] = [looks[0], looks[looks.length - 1]];
    const find = (look: typeof first) => look && findLease(seen, look.value.leases, subject.name);
    const [before, now] = [find(first), find(last)];
    if (now === undefined || last === undefined) return notApplicable('there is no such lease: le-lease-missing speaks of that');
    const facts = { component: subject.name, holder: now.holder || 'nobody', total: now.transitions };
    const moved = (moves: number, milliseconds: number) => ({ ...facts, moves, span: describeDuration(milliseconds) });
    const between = first === last || before === undefined ? undefined : now.transitions - before.transitions;
    const apart = last.takenAt - (first ?? last).takenAt;
    const supports = () => candidatesOf(seen, subject.name, limits);
    if (between !== undefined && between >= limits.moves)
      return fail(moved(between, apart), { reason: 'now', witness: 'stated', supports: supports() });
    const { clock } = last.value;
    const held = clock === undefined || now.acquiredAt === undefined ? 0 : ageAt(now.acquiredAt, clock).low;
    if (held > limits.recent * 1000) return pass(moved(0, held));
    const taken = seen.attempt(() => seen.get('kube.leads-taken').taken.filter((one) => isOf(now, one)));
    const burst = lastMoves(taken ?? [], limits.window * 1000);
    if (burst !== undefined && burst.moves >= limits.often)
      return fail(moved(burst.moves, burst.milliseconds), { reason: 'lately', witness: 'stated', supports: supports() });
    if (between !== undefined && between >= 0) return pass(moved(between, apart));
    if (taken?.some((one) => one.holder === now.holder)) return pass(moved(burst?.moves ?? 0, burst?.milliseconds ?? 0));
    if (between !== undefined) return undecided('the lease was made anew between two looks', '--deep');
    return undecided('not sampled: one look only, and nobody wrote down who led before', '--deep');
  },
  explains: [],
  fixes: ({ verdicts }, seen) =>
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
        verify: [`${getLease(seen, component)} -o jsonpath='{.spec.leaseTransitions}'   # the same a minute later`],
      };
    }),
  avoid: () => ['lengthen the lease before the API answers fast again'],
  reading: ['https://kubernetes.io/docs/concepts/architecture/leases/#leader-election'],
  errors: ['leaderelection lost', 'failed to renew lease', 'Failed to update lock: context deadline exceeded'],
});

function isOf(lease: LeaseSeen, taken: LeadTaken): boolean {
  return taken.lease === lease.name && taken.namespace === lease.namespace;
}

/** The most moves within a window that ends with the last of them; the first taking is no move. */
function lastMoves(taken: readonly LeadTaken[], windowMs: number): { readonly moves: number; readonly milliseconds: number } | undefined {
  const times = taken.map(({ at }) => at).sort((one, other) => one - other);
  const last = times.at(-1);
  if (last === undefined) return undefined;
  const within = times.filter((time) => time >= last - windowMs);
  const moves = within.length === times.length ? within.length - 1 : within.length;
  return { moves, milliseconds: last - (within[0] ?? last) };
}
