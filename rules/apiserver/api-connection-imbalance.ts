// Does one API server carry most of the load while another one idles?
import { editSettings } from '../../src/judge/plans/change-settings.ts';
import { homeOf } from '../../src/judge/readings/component-home.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { anotherServes, mastersOf, readApiServer, servesClients } from '../../src/judge/readings/api-server.ts';
import { apiWindow } from '../../src/judge/readings/api-window.ts';
import { heldBack } from '../../src/judge/readings/fairness.ts';
import { agreedFlags } from '../../src/judge/readings/flags.ts';
import { changedWithin } from '../../src/judge/readings/pod.ts';
import { say } from '../../src/model/sentence.ts';
import type { Seen } from '../../src/model/rule.ts';
import { clusterSubject, type Subject } from '../../src/model/subject.ts';

export default defineRule({
  id: 'api-connection-imbalance',
  area: 'apiserver',
  since: '0.2.0',
  severity: 'info',
  impact: 'at-risk',
  layer: 3,
  title: 'the API server on {busy} handles {factor} times as many requests as the one on {idle}',
  healthy: 'the API servers share the load',
  why: 'Clients keep their connections for days: after a restart the others go on carrying them, and the busiest decides how fast all is.',
  shows: ['each rows: {node}  {rate} requests/s  {open} open watches', 'if goaway: --goaway-chance={goaway}'],
  folded: '{busy} handles {factor} times as much as {idle}',
  needs: ['api.metrics', 'api.ready', 'kube.nodes', 'kube.control-plane-pods'],
  limits: {
    factor: { value: 3, unit: 'times', source: 'own choice: with three API servers, as if two did the work of one' },
    least: {
      value: 50,
      unit: 'requests/s of the busiest',
      source: 'own choice; recording: an idle cluster has fewer than 20, most of them its leaders’',
    },
    settled: { value: 600, unit: 's', source: 'own choice: a server that came back has had time to get connections again' },
  },
  reasons: [],
  subjects: () => [clusterSubject],
  judge: (seen, limits) => {
    const masters = mastersOf(seen);
    if (masters.length < 2) return notApplicable('there is one API server');
    if (masters.some((master) => !servesClients(readApiServer(seen, master))))
      return notApplicable('not every API server serves: load shifts to the others');
    const loads = masters.map(({ subject }) => {
      const { first, last, seconds } = apiWindow(seen, subject);
      return { node: subject.name, rate: (last.requests - first.requests) / seconds, open: last.longRunning ?? '?' };
    });
    const sorted = [...loads].sort((one, other) => other.rate - one.rate);
    const [busiest, idlest] = [sorted[0], sorted[sorted.length - 1]];
    if (busiest === undefined || idlest === undefined) return notApplicable('there is one API server');
    const factor = busiest.rate / Math.max(idlest.rate, 0.1);
    if (busiest.rate < limits.least || factor <= limits.factor) return pass({ busy: busiest.node });
    if (masters.some((master) => changedWithin(seen, 'kube-apiserver', master.subject.keys.node, limits.settled * 1000)))
      return undecided(
        'an API server was started within the last minutes: connections may still move',
        'run ha-doctor again in ten minutes',
      );
    const rows = loads.map((load) => ({ ...load, rate: load.rate.toFixed(1) }));
    const goaway = agreedFlags(seen, 'kube-apiserver').get('goaway-chance') ?? '0';
    const full = masters.some(({ subject }) => subject.name === busiest.node && turnsAway(seen, subject));
    const facts = { busy: busiest.node, idle: idlest.node, factor: factor.toFixed(1), rows, goaway };
    return fail(facts, { witness: 'stated', severity: full ? 'warning' : 'info' });
  },
  explains: [
    {
      to: 'api-apf-saturated',
      kind: 'causes',
      on: 'cluster',
      because: 'seats are counted on each API server: the busiest runs out first',
      unproven: true,
    },
    {
      to: 'api-latency-p99',
      kind: 'causes',
      on: 'cluster',
      because: 'the busiest API server is the slowest',
      when: ({ cause, effect }) => (effect.subject.name === cause.facts['busy'] ? 'yes' : 'no'),
      unproven: true,
    },
  ],
  fixes: (_cause, seen) => [
    {
      do: 'Let API servers close a thousandth of the HTTP/2 connections, so that clients spread again: one master at a time',
      where: 'each master',
      ...editSettings(seen, homeOf(seen, 'kube-apiserver', seen.topology.masters[0]?.subject.keys.node), '--goaway-chance=0.001'),
      risk: 'medium',
      needs: mastersOf(seen).map(({ subject }) => ({
        text: say('another API server than {node} serves', { node: subject.name }),
        met: anotherServes(seen, subject.name),
      })),
      verify: ['kubectl ha-doctor --deep --only api   # an hour later'],
    },
  ],
  avoid: () => ['set --goaway-chance where clients reach a single API server without a load balancer'],
  reading: ['https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/'],
});

/** Whether it has more work than seats; false also where nobody can say. */
function turnsAway(seen: Seen<'api.metrics'>, subject: Subject): boolean {
  const levels = seen.attempt(() => heldBack(apiWindow(seen, subject), subject, Number.POSITIVE_INFINITY));
  return levels?.some((level) => level.rejected > 0) === true;
}
