// Do the instances of a controller elect their leader by timings that work, and by the same ones?
import { homeOf, wayToFlags } from '../../src/judge/readings/component-home.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToSetFlags } from '../../src/judge/plans/set-flags.ts';
import { speaksOnlyOf } from '../../src/judge/readings/component-flags.ts';
import {
  electionSubjects,
  type Elector,
  type ElectionTiming,
  electorsOf,
  electorSupports,
  keyedBy,
  nodesOf,
} from '../../src/judge/readings/election.ts';
import { say, type Text } from '../../src/model/sentence.ts';

interface Timed extends Elector {
  readonly timing: ElectionTiming;
}
type Limits = Readonly<Record<'jitter' | 'longest' | 'shortest', number>>;

export default defineRule({
  id: 'le-timing',
  area: 'leader',
  since: '0.2.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 5,
  title: 'the election timings of {component} {words}',
  healthy: 'controllers elect by timings that work, the same on every master',
  why: 'Timings that contradict each other keep an instance from starting; tight ones lose the lead at every slow answer, long ones leave nobody leading.',
  shows: ['each rows: {node}  lease {duration} s, renew within {deadline} s, retry after {retry} s'],
  folded: 'timings {words}',
  needs: ['kube.control-plane-pods', 'kube.nodes', 'kube.node-leases', 'here.files'],
  limits: {
    stale: { value: 40, unit: 's', source: 'https://kubernetes.io/docs/reference/node/node-status/ (a node lease lasts 40 s)' },
    jitter: {
      value: 1.2,
      unit: 'retry periods',
      source: 'client-go tools/leaderelection/leaderelection.go: NewLeaderElector refuses less (JitterFactor)',
    },
    longest: {
      value: 60,
      unit: 's of lease duration',
      source: 'convention: so long nobody leads after a machine is lost; the default is 15 s',
    },
    shortest: {
      value: 5,
      unit: 's to renew',
      source: 'convention: half the default; an API server that loses its etcd member needs 4 s to say so',
    },
  },
  reasons: ['refused', 'unequal', 'slow', 'tight'],
  subjects: (seen) =>
    electionSubjects(seen).map((subject) => {
      const timed = electorsOf(seen, subject.name, Number.POSITIVE_INFINITY).filter(hasTiming);
      return keyedBy(
        seen,
        subject,
        oddOnes(timed).map((one) => one.node),
      );
    }),
  judge: (seen, limits, subject) => {
    const component = subject.name;
    const all = electorsOf(seen, component, limits.stale * 1000);
    const electing = all.filter((one) => one.elects !== false);
    const timed = electing.filter((one) => one.fresh).filter(hasTiming);
    const rows = timed.map(({ node, timing }) => ({ node, ...timing }));
    const found = worstOf(timed, limits);
    if (found !== undefined) {
      const { words, bad, reason } = found;
      const grave = reason === 'refused' ? ({ severity: 'critical' } as const) : {};
      const supports = electorSupports(seen, electing, (one) => bad.includes(one as Timed));
      return fail({ component, words, rows }, { reason, witness: 'stated', supports, ...grave });
    }
    const [open] = electing.filter((one) => !one.fresh || one.timing === undefined);
    if (open === undefined) return pass({ component });
    return undecided(
      `with which timings ${component} on ${open.node} runs cannot be seen`,
      wayToFlags(homeOf(seen, component, open.node), open.node),
    );
  },
  explains: [
    {
      to: 'le-flapping',
      kind: 'causes',
      on: 'object',
      because: 'a lead that must be renewed within so short a time is lost at every slow answer',
      when: ({ cause }) => (cause.reason === 'tight' ? 'yes' : cause.reason === 'unequal' ? 'unknown' : 'no'),
      unproven: true,
    },
    {
      to: 'le-component-unhealthy',
      kind: 'causes',
      on: 'node',
      because: 'it refuses to start with such timings',
      when: ({ cause, effect }) => (cause.reason === 'refused' && effect.group === cause.subject.name ? 'yes' : 'no'),
    },
    {
      to: 'le-no-standby',
      kind: 'causes',
      on: 'object',
      because: 'instances that refuse to start with such timings cannot take over',
      when: ({ cause }) => (cause.reason === 'refused' ? 'yes' : 'no'),
      unproven: true,
    },
    {
      to: 'api-flag-drift',
      kind: 'causes',
      on: 'node',
      because: 'these flags are what differs',
      when: ({ cause, effect }) =>
        speaksOnlyOf(effect, cause.subject.name, /^--leader-elect-(?:lease-duration|renew-deadline|retry-period)$/),
    },
  ],
  fixes: ({ verdicts }, seen) =>
    verdicts.flatMap(({ facts, supports }) => {
      const component = String(facts['component']);
      const remove = ['leader-elect-lease-duration', 'leader-elect-renew-deadline', 'leader-elect-retry-period'];
      const bad = (supports ?? []).filter((one) => one.state === 'lost');
      const spare = (supports ?? []).length > 1 ? 'unknown' : 'no';
      return bad.map((one) => planToSetFlags(seen, one.name, component, { remove, add: [] }, spare));
    }),
  avoid: () => ['make the lease last longer to hide a slow API: nobody leads for that long when a machine is lost'],
  reading: ['https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/'],
  errors: ['leaseDuration must be greater than renewDeadline', 'renewDeadline must be greater than retryPeriod*JitterFactor'],
});

function hasTiming(one: Elector): one is Timed {
  return one.timing !== undefined;
}

interface Trouble {
  readonly reason: 'refused' | 'unequal' | 'slow' | 'tight';
  readonly words: Text;
  readonly bad: readonly Timed[];
}

/** The gravest thing that can be said, with the instances it is said of. */
function worstOf(timed: readonly Timed[], limits: Limits): Trouble | undefined {
  const refused = timed.filter(({ timing }) => timing.duration <= timing.deadline || timing.deadline <= limits.jitter * timing.retry);
  const odd = oddOnes(timed);
  const tight = timed.filter(({ timing }) => timing.deadline < limits.shortest);
  const slow = timed.filter(({ timing }) => timing.duration > limits.longest);
  const all: readonly Trouble[] = [
    { reason: 'refused', words: say('are none that {names} starts with', { names: nodesOf(refused) }), bad: refused },
    { reason: 'unequal', words: say('differ: {names} from the others', { names: nodesOf(odd) }), bad: odd },
    { reason: 'tight', words: 'leave too little time for a renewal', bad: tight },
    { reason: 'slow', words: 'leave nobody leading for long after a machine is lost', bad: slow },
  ];
  return all.find(({ bad }) => bad.length > 0);
}

/** Those unlike most; where none is in the majority, those unlike the first. */
function oddOnes(timed: readonly Timed[]): readonly Timed[] {
  const keyOf = ({ timing }: Timed): string => `${timing.duration} ${timing.deadline} ${timing.retry}`;
  const votes = (one: Timed): number => timed.filter((other) => keyOf(other) === keyOf(one)).length;
  const common = [...timed].sort((one, other) => votes(other) - votes(one))[0];
  return common === undefined ? [] : timed.filter((one) => keyOf(one) !== keyOf(common));
}
