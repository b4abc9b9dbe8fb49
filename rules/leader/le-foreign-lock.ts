// Do all instances of a controller elect their leader by one and the same lock?
import { homeOf, wayToFlags } from '../../src/judge/readings/component-home.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToSetFlags } from '../../src/judge/plans/set-flags.ts';
import { speaksOnlyOf } from '../../src/judge/readings/component-flags.ts';
import {
  electionSubjects,
  type Elector,
  electorsOf,
  electorSupports,
  keyedBy,
  locksHeld,
  nodesOf,
} from '../../src/judge/readings/election.ts';
import { nodeLimits } from '../../src/judge/readings/node.ts';
import { say } from '../../src/model/sentence.ts';

export default defineRule({
  id: 'le-foreign-lock',
  area: 'leader',
  since: '0.2.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 5,
  title: 'instances of {component} elect by different locks: {names} by another one than the others',
  healthy: 'all instances of a controller elect by the same lock',
  why: 'Each lock elects a leader of its own: {effect}.',
  shows: ['each rows: {node}  {lock}'],
  folded: '{names} elects by another lock',
  needs: ['kube.control-plane-pods', 'kube.nodes', 'kube.node-leases', 'here.files', 'kube.leases', 'api.ready', 'etcd.clock'],
  limits: nodeLimits,
  reasons: [],
  subjects: (seen) =>
    electionSubjects(seen).map((subject) => {
      const odd = oddOnes(electorsOf(seen, subject.name, Number.POSITIVE_INFINITY));
      return keyedBy(
        seen,
        subject,
        odd.map((one) => one.node),
      );
    }),
  judge: (seen, limits, subject) => {
    const component = subject.name;
    const electing = electorsOf(seen, component, limits.heartbeat * 1000).filter((one) => one.elects !== false);
    const told = electing.filter((one) => one.fresh && one.lock !== undefined);
    const odd = oddOnes(told);
    if (odd.length > 0) {
      const rows = told.map(({ node, lock = '' }) => ({ node, lock }));
      const supports = electorSupports(seen, electing, (one) => odd.includes(one));
      const locks = [...new Set(told.flatMap((one) => one.lock ?? []))];
      const two = locksHeld(seen, locks, limits).held.length > 1;
      const effect = two
        ? say('two instances work at once and undo each other')
        : say('whoever waits for the other one can neither lead nor take over');
      const grave = two ? {} : ({ severity: 'warning', impact: 'at-risk' } as const);
      return fail({ component, names: nodesOf(odd), rows, effect }, { witness: 'stated', supports, ...grave });
    }
    const [open] = electing.filter((one) => !told.includes(one));
    if (open === undefined) return pass({ component, lock: told[0]?.lock ?? '' });
    return undecided(
      `by which lock ${component} on ${open.node} elects cannot be seen`,
      wayToFlags(homeOf(seen, component, open.node), open.node),
    );
  },
  explains: [
    {
      to: 'le-two-active',
      kind: 'causes',
      on: 'object',
      because: 'each lock has a leader of its own',
      produces: ['two-locks'],
      unproven: true,
    },
    {
      to: 'api-flag-drift',
      kind: 'causes',
      on: 'node',
      because: 'these flags are what differs',
      when: ({ cause, effect }) => speaksOnlyOf(effect, cause.subject.name, /^--leader-elect-resource-/),
      unproven: true,
    },
  ],
  fixes: ({ verdicts }, seen) =>
    verdicts.flatMap(({ facts, supports }) => {
      const component = String(facts['component']);
      const remove = ['leader-elect-resource-lock', 'leader-elect-resource-namespace', 'leader-elect-resource-name'];
      const odd = (supports ?? []).filter((one) => one.state === 'lost');
      const spare = (supports ?? []).length > odd.length ? 'yes' : 'no';
      return odd.map((one) => planToSetFlags(seen, one.name, component, { remove, add: [] }, spare));
    }),
  avoid: () => ['delete one of the locks: whoever elects by it makes it again'],
  reading: ['https://kubernetes.io/docs/concepts/architecture/leases/#leader-election'],
  errors: ['endpoints lock is removed, migrate to leases', 'configmaps lock is removed, migrate to leases'],
});

/** Those whose lock is not the most common one. */
function oddOnes(all: readonly Elector[]): readonly Elector[] {
  const told = all.filter((one) => one.elects !== false && one.lock !== undefined);
  const votes = ({ lock }: Elector): number => told.filter((other) => other.lock === lock).length;
  const common = [...told].sort((one, other) => votes(other) - votes(one))[0]?.lock;
  return told.filter((one) => one.lock !== common);
}
