// Could another instance take over if the leader of a controller were lost?
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { candidatesOf, startingLimit } from '../../src/judge/readings/component.ts';
import { electionSubjects } from '../../src/judge/readings/election.ts';
import { nodeLimits } from '../../src/judge/readings/node.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { say } from '../../src/model/sentence.ts';

export default defineRule({
  id: 'le-no-standby',
  area: 'leader',
  since: '0.2.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 5,
  title: 'nobody stands by for {component}: {words}',
  healthy: 'another instance of each controller can take over',
  why: 'When the one that is left is lost, nobody leads {component}.',
  shows: ['each rows: {node}  {can}'],
  folded: '{words}',
  needs: ['kube.control-plane-pods', 'kube.nodes', 'kube.node-leases', 'kube.leases', 'api.ready', 'etcd.clock'],
  limits: {
    ...nodeLimits,
    starting: startingLimit,
    candidates: {
      value: 2,
      unit: 'instances that can lead',
      source: 'https://kubernetes.io/docs/concepts/architecture/leases/#leader-election',
    },
  },
  reasons: ['lost', 'few'],
  subjects: (seen) => electionSubjects(seen),
  judge: (seen, limits, subject) => {
    const component = subject.name;
    const masters = new Set(
      seen
        .get('kube.nodes')
        .nodes.filter((node) => node.controlPlane)
        .map((node) => node.name),
    );
    if (masters.size < limits.candidates) return notApplicable('a single master has nobody to stand by');
    const supports = candidatesOf(seen, component, limits);
    const [good, open] = [supports.filter((one) => one.state === 'good'), supports.filter((one) => one.state === 'unknown')];
    const facts = { component, good: good.length, all: supports.length };
    if (good.length >= limits.candidates) return pass(facts);
    if (good.length + open.length >= limits.candidates)
      return undecided(
        `whether ${component} can lead on ${open.map((one) => one.name).join(', ')} cannot be told`,
        `kubectl -n kube-system get pods -l ${shellWord(`component=${component}`)} -o wide`,
      );
    if (good.length === 0 && open.length === 0) return notApplicable('none can lead: that is more than a missing standby');
    const can = { good: say('can lead'), lost: say('cannot lead: it, its node or its API server is away'), unknown: say('not known') };
    const rows = supports.map(({ name, state }) => ({ node: name, can: can[state] }));
    const most = good.length + open.length;
    const words =
      open.length === 0
        ? say('{good} of {all} instances can lead', facts)
        : say('at most {most} of {all} instances can lead', { most, all: supports.length });
    return fail({ ...facts, words, rows }, { reason: supports.length < limits.candidates ? 'few' : 'lost', witness: 'agreed', supports });
  },
  explains: [],
  fixes: ({ verdicts }) =>
    verdicts.flatMap(({ facts, supports }) => {
      const component = String(facts['component']);
      const lost = (supports ?? []).find((one) => one.state === 'lost');
      if (lost === undefined) return [];
      return [
        {
          do: say('See why {component} on {node} cannot lead', { component, node: lost.name }),
          where: 'here',
          run: [`kubectl -n kube-system get pods -l ${shellWord(`component=${component}`)} -o wide`, 'kubectl get nodes'],
          risk: 'none' as const,
          needs: [],
          verify: [],
        },
      ];
    }),
  avoid: () => ['restart or drain the master whose instance leads: nobody would take over'],
  reading: ['https://kubernetes.io/docs/concepts/architecture/leases/#leader-election'],
});
