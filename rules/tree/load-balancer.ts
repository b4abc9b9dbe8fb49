// Does the load balancer lead to every API server?
import type { Question } from '../../src/model/tree.ts';

export const balancerQuestions: readonly Question[] = [
  {
    id: 'lb-backends',
    branch: 'load-balancer',
    ask: 'every API server behind the LB in service?',
    vital: false,
    rules: ['lb-backend-down', 'lb-no-backend-up'],
    next: { yes: ['lb-check'], no: ['api-masters', 'lb-address', 'lb-check'] },
  },
  {
    id: 'lb-address',
    branch: 'load-balancer',
    ask: 'its address held by one LB that runs?',
    vital: false,
    rules: ['vip-no-holder', 'vip-dual-holder', 'vip-holder-lb-down', 'vip-config-conflict'],
    next: { yes: ['lb-check'], no: ['lb-configuration'] },
  },
  {
    id: 'lb-check',
    branch: 'load-balancer',
    ask: 'LB checks see what clients see?',
    vital: false,
    rules: ['lb-check-too-shallow', 'lb-check-disagrees'],
    next: { yes: ['lb-configuration'], no: ['certificates-served'] },
  },
  {
    id: 'lb-configuration',
    branch: 'load-balancer',
    ask: 'LB leads to every master, and steadily?',
    vital: false,
    rules: ['lb-backend-set-mismatch', 'lb-idle-timeout', 'lb-tls-terminated', 'lb-port-conflict', 'lb-unstable', 'lb-cloud-hairpin'],
    next: { yes: ['etcd-quorum'], no: [] },
  },
];
