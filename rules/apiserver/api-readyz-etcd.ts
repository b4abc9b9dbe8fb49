// Can this API server use its etcd?
import { shellOnNode } from '../../src/judge/readings/etcdctl.ts';
import { etcdHome } from '../../src/judge/readings/etcd-home.ts';
import { readLog } from '../../src/judge/readings/component-home.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { say } from '../../src/model/sentence.ts';
import { defineRule, fail, pass } from '../../src/judge/define-rule.ts';
import { endUnheard, masterOf, mastersOf, readApiServer, splitFailing } from '../../src/judge/readings/api-server.ts';
import { checkedReasons } from '../../src/judge/readings/backend.ts';
import { kubeletHangsOnOwnApiServer } from '../../src/judge/readings/host.ts';
import { usesOnlyLocalEtcd } from '../../src/judge/readings/wiring.ts';

export default defineRule({
  id: 'api-readyz-etcd',
  area: 'apiserver',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 3,
  title: 'the API server on {node} cannot use its etcd: {failing}',
  healthy: 'every API server reads its readiness key from etcd',
  why: 'Every request that needs storage fails on {node}; after about two minutes its liveness probe restarts it.',
  shows: ['{node} {address}  /readyz {status}: {failing}'],
  folded: '/readyz {status}: {failing}',
  needs: ['api.ready', 'kube.nodes', 'kube.control-plane-pods'],
  limits: {},
  reasons: [],
  subjects: (seen) => mastersOf(seen).map((master) => master.subject),
  judge: (seen, _limits, subject) => {
    const master = masterOf(seen, subject);
    const reading = readApiServer(seen, master);
    const node = subject.name;
    if (reading.kind === 'ready') return pass({ node });
    if (reading.kind !== 'not-ready' || reading.failing.length === 0) return endUnheard(seen, master, reading);
    const { etcd } = splitFailing(reading.failing);
    if (etcd.length === 0) return pass({ node, note: 'other checks fail, etcd is none of them' });
    const facts = { node, address: master.subject.id, status: reading.status, failing: etcd.map((name) => `[-]${name}`).join(' ') };
    return fail(facts, { witness: 'stated' });
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
      to: 'api-restart-loop',
      kind: 'causes',
      on: 'apiserver',
      because: 'the liveness probe of a kubeadm API server contains the etcd check',
      unproven: true,
    },
    { to: 'lb-backend-down', kind: 'causes', on: 'apiserver', because: 'a check of /readyz fails with it', produces: checkedReasons },
    {
      to: 'lb-check-disagrees',
      kind: 'causes',
      on: 'apiserver',
      because: 'a check that only connects keeps sending clients to it',
      produces: ['up'],
      unproven: true,
    },
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
      to: 'api-readyz-check',
      kind: 'causes',
      on: 'apiserver',
      because: 'most other checks wait for objects that are read from etcd',
      produces: ['starting', 'other'],
      unproven: true,
    },
    { to: 'api-5xx-ratio', kind: 'causes', on: 'apiserver', because: 'requests that need storage fail', unproven: true },
    {
      to: 'api-endpoints-mismatch',
      kind: 'causes',
      on: 'apiserver',
      because: 'it renews its place in the list through etcd',
      unproven: true,
    },
    {
      to: 'le-lease-expired',
      kind: 'causes',
      on: 'cluster',
      because: 'candidates renew their lease through the API server beside them',
      covers: 'every',
      match: 'node',
      unproven: true,
    },
    {
      to: 'le-component-unhealthy',
      kind: 'causes',
      on: 'node',
      because: 'controller-manager and scheduler use the API server beside them',
      unproven: true,
    },
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'node',
      because: 'the kubelet on a master reports to the API server beside it',
      when: ({ effect }, seen) => kubeletHangsOnOwnApiServer(seen, effect.subject.keys.node),
    },
    {
      to: 'api-latency-p99',
      kind: 'causes',
      on: 'apiserver',
      because: 'requests wait for etcd until they time out',
      produces: ['storage', 'itself'],
      unproven: true,
    },
    {
      to: 'api-identity-lease',
      kind: 'causes',
      on: 'apiserver',
      because: 'it cannot write its lease',
      produces: ['expired'],
    },
  ],
  fixes: ({ facts }, seen) => {
    const node = String(facts['node']);
    const local = usesOnlyLocalEtcd(seen, node);
    const member = seen.topology.members.find((one) => one.subject.keys.node === node);
    const home = etcdHome(seen, member === undefined ? [] : [member]);
    const shell = member === undefined ? { where: 'here', etcdctl: 'etcdctl' } : shellOnNode(seen, member);
    return [
      {
        do: local === 'yes' ? 'See how the one etcd member it uses is doing, the one beside it' : 'See how the etcd it uses is doing',
        where: shell.where,
        run:
          local === 'no'
            ? [`${shell.etcdctl} endpoint status --cluster -w table`]
            : [`${shell.etcdctl} endpoint status -w table`, ...readLog(home, {}), `df -h ${shellWord(home.folder)}`],
        risk: 'none',
        needs: [],
        verify: [`curl -sk ${shellWord(`https://${facts['address']}/readyz`)}`],
      },
    ];
  },
  avoid: ({ facts }) => [say('restart the API server on {node}: without its etcd it does not come back', { node: String(facts['node']) })],
  reading: ['https://kubernetes.io/docs/reference/using-api/health-checks/'],
  errors: ['[-]etcd failed: reason withheld', '[-]etcd-readiness failed: reason withheld', 'etcd client connection not yet established'],
});
