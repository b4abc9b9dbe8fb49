// What is the truth when two independent things are broken at once?
import type { Expected, Injection, Scenario } from '../scenario.ts';
import { base, cluster, m2, m3 } from './shared.ts';

interface Two {
  readonly id: string;
  readonly title: string;
  readonly faults: readonly Injection[];
  readonly causes: readonly [Expected, Expected];
  readonly ages?: readonly number[];
  readonly more?: Partial<Scenario>;
}

const two = ({ id, title, faults, causes: [root, second], ages = [45], more = {} }: Two): Scenario => ({
  ...base,
  id,
  title,
  faults,
  ages,
  expect: { kind: 'fault', root, second, folds: [] },
  ...more,
});
/** With the API gone and no etcd certificate nothing else is known. */
const seenWithEtcd = (expected: Expected): Expected => ({ ...expected, by: 'etcd' });
const at = (fault: string, target?: string, values?: Injection['values']): Injection => ({
  fault,
  ...(target !== undefined && { target }),
  ...(values !== undefined && { values }),
});

export const doubles: readonly Scenario[] = [
  two({
    id: 'S120',
    title: 'API server of m2 stopped, etcd of m3 stopped',
    faults: [at('apiserver-stopped', 'm2'), at('etcd-stopped', 'm3')],
    causes: [m2('api-master-unreachable'), m3('etcd-member-down')],
  }),
  two({
    id: 'S121',
    title: 'HAProxy stopped, etcd of m3 stopped',
    faults: [at('haproxy-stopped'), at('etcd-stopped', 'm3')],
    causes: [cluster('api-lb-unreachable'), seenWithEtcd(m3('etcd-member-down'))],
  }),
  two({
    id: 'S122',
    title: 'API-server certificate of m2 expired, API server of m3 stopped',
    faults: [at('apiserver-cert-expired', 'm2'), at('apiserver-stopped', 'm3')],
    causes: [m2('cert-leaf-expired'), m3('api-master-unreachable')],
  }),
  two({
    id: 'S123',
    title: 'an etcd member never started, API server of m2 stopped',
    faults: [at('etcd-member-unstarted'), at('apiserver-stopped', 'm2')],
    causes: [cluster('etcd-member-unstarted'), m2('api-master-unreachable')],
    more: { poorerHeads: ['etcd-member-count', 'etcd-no-fault-margin'] },
  }),
  two({
    id: 'S124',
    title: 'etcd full, API server of m3 stopped',
    faults: [at('etcd-full'), at('apiserver-stopped', 'm3')],
    causes: [cluster('etcd-alarm-nospace'), m3('api-master-unreachable')],
  }),
  two({
    id: 'S125',
    title: 'm2 black-holed, API server of m3 stopped',
    faults: [at('apiserver-stopped', 'm3'), at('host-black-holed', 'm2')],
    causes: [m2('host-unreachable'), m3('api-master-unreachable')],
  }),
  two({
    id: 'S126',
    title: 'm2 cut off from its etcd peers, kubelet of m3 stopped',
    faults: [at('kubelet-stopped', 'm3'), at('etcd-partitioned', 'm2')],
    causes: [m2('etcd-partition'), m3('ha-node-notready')],
    ages: [60],
    more: { unrecorded: 'not yet' },
  }),
  two({
    id: 'S127',
    title: 'clocks of m2 30 s ahead, API server of m3 stopped',
    faults: [at('clock-ahead', 'm2'), at('apiserver-stopped', 'm3')],
    causes: [m2(['clock-apiserver-skew', 'clock-etcd-skew', 'clock-unsynchronised']), m3('api-master-unreachable')],
    more: { unrecorded: 'not yet' },
  }),
  two({
    id: 'S128',
    title: 'quorum of etcd lost, HAProxy stopped',
    faults: [at('etcd-stopped', 'm2'), at('etcd-stopped', 'm3'), at('haproxy-stopped')],
    causes: [cluster('api-lb-unreachable'), seenWithEtcd(cluster('etcd-quorum-lost'))],
    ages: [50],
    more: { poorerHeads: ['api-all-masters-down'] },
  }),
  two({
    id: 'S129',
    title: "the operator's certificate expired, etcd of m2 stopped",
    faults: [at('etcd-stopped', 'm2')],
    causes: [cluster('cert-operator-expiring'), seenWithEtcd(m2('etcd-member-down'))],
    more: { kubeconfig: 'expired', poorerHeads: ['api-readyz-etcd', 'api-master-unreachable', 'lb-backend-down'] },
  }),
  two({
    id: 'S130',
    title: 'scheduler forgotten on all masters, API server of m2 stopped',
    faults: [...['m1', 'm2', 'm3'].map((target) => at('manifest-forgotten', target)), at('apiserver-stopped', 'm2')],
    causes: [cluster('le-lease-expired'), m2('api-master-unreachable')],
  }),
  two({
    id: 'S131',
    title: 'API server of m2 taken out of HAProxy by hand, etcd of m3 stopped',
    faults: [at('haproxy-server-disabled', 'm2'), at('etcd-stopped', 'm3')],
    causes: [m2('lb-backend-down'), m3('etcd-member-down')],
  }),
  two({
    id: 'S132',
    title: 'on one machine: API-server certificate of m2 expired, etcd of m2 stopped',
    faults: [at('apiserver-cert-expired', 'm2'), at('etcd-stopped', 'm2')],
    causes: [m2('cert-leaf-expired'), m2('etcd-member-down')],
  }),
  two({
    id: 'S133',
    title: 'kubelet of m3 stopped, API port of the load balancer dropped',
    faults: [at('kubelet-stopped', 'm3'), at('lb-port-dropped')],
    causes: [cluster('api-lb-unreachable'), seenWithEtcd(m3('ha-node-notready'))],
    ages: [70],
    more: { unrecorded: 'not yet' },
  }),
];
