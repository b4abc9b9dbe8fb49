// Do the API servers turn requests away, or make them wait for their turn?
import { defineRule, fail, pass } from '../../src/judge/define-rule.ts';
import { mastersOf, readApiServer, servesClients } from '../../src/judge/readings/api-server.ts';
import { apiWindow } from '../../src/judge/readings/api-window.ts';
import { heldBack } from '../../src/judge/readings/fairness.ts';
import { clusterSubject } from '../../src/model/subject.ts';

/** Levels without which the control plane itself stands still. */
const vital = ['leader-election', 'node-high', 'system', 'workload-high'];

export default defineRule({
  id: 'api-apf-saturated',
  area: 'apiserver',
  since: '0.2.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 3,
  title: 'priority and fairness holds requests back: {levels}',
  healthy: 'no API server turns requests away or makes them wait',
  why: 'Whoever is turned away gets 429 and tries again later; controllers among them stand still meanwhile.',
  shows: ['each rows: {level}  on {node}  {words}', 'seats are counted on each API server by itself'],
  folded: '{levels}',
  needs: ['api.metrics', 'kube.nodes', 'api.ready', 'kube.leases'],
  limits: {
    wait: { value: 1, unit: 's', source: 'own choice: a tenth of the 10 s in which a lease has to be renewed' },
  },
  reasons: ['rejected', 'waiting'],
  subjects: () => [clusterSubject],
  judge: (seen, limits) => {
    const split = seen.tally(
      mastersOf(seen),
      (master) => heldBack(apiWindow(seen, master.subject), master.subject, limits.wait).length > 0,
    );
    const rows = split.yes.flatMap(({ subject }) => heldBack(apiWindow(seen, subject), subject, limits.wait));
    const [missing] = split.unknown;
    if (rows.length === 0) {
      // What ends the judgement says why nobody could look.
      if (missing !== undefined) heldBack(apiWindow(seen, missing.subject), missing.subject, limits.wait);
      return pass();
    }
    const levels = [...new Set(rows.map((row) => row.level))].join(', ');
    const rejected = rows.some((row) => row.rejected > 0);
    const grave = rows.some((row) => row.rejected > 0 && vital.includes(row.level)) ? ({ severity: 'critical' } as const) : {};
    const shown = rows.map(({ level, node, words }) => ({ level, node, words }));
    return fail({ levels, rows: shown }, { reason: rejected ? 'rejected' : 'waiting', witness: 'stated', ...grave });
  },
  explains: [
    {
      to: 'api-latency-p99',
      kind: 'causes',
      on: 'cluster',
      because: 'waiting for a seat is part of each request',
      produces: ['webhooks-or-queue'],
      unproven: true,
    },
    { to: 'le-flapping', kind: 'causes', on: 'cluster', because: 'a leader whose renewals are turned away gives up', unproven: true },
    {
      to: 'le-lease-expired',
      kind: 'causes',
      on: 'cluster',
      because: 'renewals that are turned away reach nobody',
      when: ({ cause }) => (cause.reason === 'rejected' ? 'yes' : 'no'),
      unproven: true,
    },
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'cluster',
      because: 'heartbeats that are turned away reach nobody',
      when: ({ cause }) =>
        String(cause.facts['levels'])
          .split(', ')
          .some((level) => level === 'node-high' || level === 'system')
          ? 'yes'
          : 'unknown',
      unproven: true,
    },
    {
      to: 'api-5xx-ratio',
      kind: 'causes',
      on: 'cluster',
      because: 'requests that waited too long in a queue time out',
      produces: ['errors'],
      unproven: true,
    },
  ],
  fixes: (_cause, seen) => {
    const all = seen.tally(mastersOf(seen), (master) => servesClients(readApiServer(seen, master)));
    return [
      {
        do: 'See who fills which level, and which schema sends them there',
        where: 'here',
        run: [
          'kubectl get --raw /debug/api_priority_and_fairness/dump_priority_levels',
          'kubectl get flowschemas --sort-by=.spec.matchingPrecedence',
          "kubectl get --raw /metrics | grep -E '^apiserver_flowcontrol_rejected_requests_total' | grep -v ' 0$'",
        ],
        risk: 'none',
        needs: [],
        verify: [],
      },
      {
        do: 'Bring back API servers that are missing first; then give the noisy client a schema and a level of its own, or the starved level more seats',
        where: 'here',
        run: ['kubectl edit prioritylevelconfiguration   # spec.limited.nominalConcurrencyShares'],
        risk: 'medium',
        needs: [{ text: 'every API server serves', met: all.no.length > 0 ? 'no' : all.unknown.length > 0 ? 'unknown' : 'yes' }],
        verify: ["kubectl get --raw /metrics | grep -E '^apiserver_flowcontrol_rejected_requests_total'   # no longer grows"],
      },
    ];
  },
  avoid: () => ['switch priority and fairness off: then the noisy client starves everybody'],
  reading: ['https://kubernetes.io/docs/concepts/cluster-administration/flow-control/'],
  errors: ['Too many requests, please try again later', 'the server has received too many requests and has asked us to try again later'],
});
