// Does this API server pass every readiness check that is not about etcd?
import { say, type Text } from '../../src/model/sentence.ts';
import { defineRule, fail, pass } from '../../src/judge/define-rule.ts';
import { endUnheard, masterOf, mastersOf, readApiServer, splitFailing } from '../../src/judge/readings/api-server.ts';
import { ageAt } from '../../src/judge/readings/age.ts';
import { checkedReasons } from '../../src/judge/readings/backend.ts';
import { kubeletHangsOnOwnApiServer } from '../../src/judge/readings/host.ts';
import type { Seen } from '../../src/model/rule.ts';
import type { Master } from '../../src/model/topology.ts';
import { type CheckReason, checkReasons, planToMendCheck, reasonOfChecks } from './plans/mend-check.ts';

export default defineRule({
  id: 'api-readyz-check',
  area: 'apiserver',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 3,
  title: 'the API server on {node} is not ready: {failing}',
  healthy: 'every API server passes its own readiness checks',
  why: 'A load balancer that asks /readyz sends {node} no clients; what still reaches it may get wrong answers or errors.',
  shows: ['{node} {address}  /readyz {status}: {failing}', 'if phase: {phase}'],
  folded: '/readyz {status}: {failing}',
  needs: ['api.ready', 'kube.nodes', 'kube.control-plane-pods'],
  limits: {
    starting: { value: 60, unit: 's', source: 'own choice; recording: a kubeadm API server was ready within 20 s of its start' },
  },
  reasons: checkReasons,
  subjects: (seen) => mastersOf(seen).map((master) => master.subject),
  judge: (seen, limits, subject) => {
    const master = masterOf(seen, subject);
    const reading = readApiServer(seen, master);
    const node = subject.name;
    if (reading.kind === 'ready') return pass({ node });
    if (reading.kind !== 'not-ready' || reading.failing.length === 0) return endUnheard(seen, master, reading);
    const { others } = splitFailing(reading.failing);
    if (others.length === 0) return pass({ node, note: 'only its etcd checks fail' });
    const reason = reasonOfChecks(others);
    const facts = { node, address: master.subject.id, status: reading.status, failing: others.map((name) => `[-]${name}`).join(' ') };
    if (allFail(seen)) return fail(facts, { reason, group: reason, severity: 'critical', impact: 'outage', witness: 'stated' });
    if (reason === 'encryption') return fail(facts, { reason, group: reason, severity: 'critical', witness: 'stated' });
    const phase = passing(seen, master, reason, limits.starting);
    if (phase !== undefined) return fail({ ...facts, phase }, { reason, group: reason, severity: 'info', witness: 'stated' });
    return fail(facts, { reason, group: reason, witness: 'stated' });
  },
  explains: [
    {
      to: 'le-no-standby',
      kind: 'causes',
      on: 'cluster',
      because: 'an instance cannot lead by an API server that is not ready',
      covers: 'all',
      match: 'node',
      unproven: true,
    },
    {
      to: 'lb-backend-down',
      kind: 'causes',
      on: 'apiserver',
      because: 'a check of /readyz fails with it',
      produces: checkedReasons,
      unproven: true,
    },
    {
      to: 'lb-check-disagrees',
      kind: 'causes',
      on: 'apiserver',
      because: 'a check that only connects keeps sending clients to it',
      produces: ['up'],
      unproven: true,
    },
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'node',
      because: 'an API server that does not know all logins and rights yet turns away the kubelet beside it',
      when: ({ cause, effect }, seen) => {
        const { node } = effect.subject.keys;
        const isUnaware = cause.reason === 'starting' || cause.reason === 'other';
        return isUnaware ? kubeletHangsOnOwnApiServer(seen, node) : 'no';
      },
      unproven: true,
    },
    { to: 'api-5xx-ratio', kind: 'causes', on: 'apiserver', because: 'requests that need what the check looks at fail', unproven: true },
    {
      to: 'api-lb-unreachable',
      kind: 'causes',
      on: 'cluster',
      because: 'the load balancer still sends it a share of the clients',
      produces: ['partial'],
      covers: 'all',
      match: 'apiserver',
      unproven: true,
    },
    {
      to: 'api-aggregated-unavailable',
      kind: 'hints',
      on: 'cluster',
      because: 'an API server that has not found all APIs calls them unavailable',
    },
  ],
  fixes: ({ facts, verdicts }, seen) =>
    planToMendCheck(seen, String(facts['node']), String(facts['address']), (verdicts[0]?.reason ?? 'other') as CheckReason),
  avoid: ({ verdicts }) =>
    verdicts[0]?.reason === 'encryption'
      ? ['change or remove --encryption-provider-config: what is stored can then no longer be read']
      : [],
  reading: ['https://kubernetes.io/docs/reference/using-api/health-checks/'],
  errors: [
    '[-]poststarthook/rbac/bootstrap-roles failed',
    '[-]informer-sync failed',
    '[-]shutdown failed: reason withheld',
    '[-]kms-provider',
  ],
});

function allFail(seen: Seen<'api.ready'>): boolean {
  const split = seen.tally(mastersOf(seen), (master) => {
    const reading = readApiServer(seen, master);
    return reading.kind === 'not-ready' && splitFailing(reading.failing).others.length > 0;
  });
  return split.no.length === 0 && split.unknown.length === 0;
}

/** A start or an orderly end that is still within its time. */
function passing(seen: Seen<'kube.control-plane-pods'>, master: Master, reason: CheckReason, seconds: number): Text | undefined {
  if (reason === 'shutdown') return 'it is ending in good order';
  if (reason !== 'starting') return undefined;
  const pods = seen.peek('kube.control-plane-pods');
  if (pods?.state !== 'known' || pods.value.clock === undefined) return undefined;
  const pod = pods.value.pods.find((one) => one.component === 'kube-apiserver' && one.node === master.subject.keys.node);
  const startedAt = pod?.containers[0]?.startedAt;
  if (startedAt === undefined) return undefined;
  const age = ageAt(startedAt, pods.value.clock);
  return age.high < seconds * 1000 ? say('it was started {age} s ago', { age: Math.max(0, Math.round(age.low / 1000)) }) : undefined;
}
