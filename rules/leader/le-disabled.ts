// Does every instance of a controller elect a leader, where there is more than one?
import { homeOf, wayToFlags } from '../../src/judge/readings/component-home.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToSetFlags } from '../../src/judge/plans/set-flags.ts';
import { electionSubjects, electorsOf, electorSupports, keyedBy, nodesOf } from '../../src/judge/readings/election.ts';
import { speaksOnlyOf } from '../../src/judge/readings/component-flags.ts';
import { say } from '../../src/model/sentence.ts';

export default defineRule({
  id: 'le-disabled',
  area: 'leader',
  since: '0.2.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 5,
  title: '{component} on {names} works without being elected, one of {all} instances',
  healthy: 'every controller works only while it leads',
  why: 'Two instances that work at once undo each other: Pods are made twice, addresses and volumes are given out twice.',
  shows: ['each rows: {node}  {words}'],
  folded: '{names} is not elected',
  needs: ['kube.control-plane-pods', 'kube.nodes', 'kube.node-leases', 'here.files'],
  limits: {
    stale: { value: 40, unit: 's', source: 'https://kubernetes.io/docs/reference/node/node-status/ (a node lease lasts 40 s)' },
    alone: {
      value: 1,
      unit: 'instance',
      source: 'kubernetes/component-base config/v1alpha1/types.go: LeaderElect is for replicated components',
    },
  },
  reasons: ['several', 'single'],
  subjects: (seen) =>
    electionSubjects(seen).map((subject) => {
      const off = electorsOf(seen, subject.name, Number.POSITIVE_INFINITY).filter((one) => one.elects === false);
      return keyedBy(
        seen,
        subject,
        off.map((one) => one.node),
      );
    }),
  judge: (seen, limits, subject) => {
    const component = subject.name;
    const all = electorsOf(seen, component, limits.stale * 1000);
    const off = all.filter((one) => one.fresh && one.elects === false);
    const rows = all.map((one) => ({
      node: one.node,
      words: one.elects === undefined ? say('its configuration file says it') : one.elects ? '--leader-elect=true' : '--leader-elect=false',
    }));
    const facts = { component, names: nodesOf(off), all: all.length, rows };
    const supports = electorSupports(seen, all, (one) => off.includes(one));
    if (off.length > 0 && all.length > limits.alone) return fail(facts, { reason: 'several', witness: 'stated', supports });
    if (off.length > 0) return fail(facts, { reason: 'single', severity: 'info', impact: 'at-risk', witness: 'stated', supports });
    const [open] = all.filter((one) => !one.fresh || one.elects === undefined);
    if (open === undefined) return pass({ component, all: all.length });
    const look = wayToFlags(homeOf(seen, component, open.node), open.node);
    if (!open.fresh)
      return undecided(`what the API shows of ${component} on ${open.node} may be old: the kubelet there does not report`, look);
    return undecided(`a configuration file on ${open.node} says whether ${component} elects a leader`, look);
  },
  explains: [
    {
      to: 'le-two-active',
      kind: 'causes',
      on: 'object',
      because: 'an instance that is not elected works beside the one that is',
      produces: ['no-election'],
      unproven: true,
    },
    {
      to: 'api-flag-drift',
      kind: 'causes',
      on: 'node',
      because: 'this flag is what differs',
      when: ({ cause, effect }) => speaksOnlyOf(effect, cause.subject.name, /^--leader-elect$/),
      unproven: true,
    },
  ],
  fixes: ({ verdicts }, seen) =>
    verdicts.flatMap(({ facts, supports }) => {
      const component = String(facts['component']);
      const off = (supports ?? []).filter((one) => one.state === 'lost');
      const spare = (supports ?? []).length > 1 ? 'yes' : 'no';
      return off.map((one) => planToSetFlags(seen, one.name, component, { remove: ['leader-elect'], add: ['--leader-elect=true'] }, spare));
    }),
  avoid: () => ['restart all instances at once'],
  reading: [
    'https://kubernetes.io/docs/concepts/architecture/leases/#leader-election',
    'https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/',
  ],
});
