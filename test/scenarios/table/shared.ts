// What do the tables of scenarios have in common?
import type { Expected } from '../scenario.ts';

type Rule = Expected['rule'];

export const base = { kubeconfig: 'admin', forbidden: [], unknown: [], poorerHeads: [] } as const;
export const on = (node: string, rule: Rule, from?: number): Expected => ({ rule, on: [node], ...(from !== undefined && { from }) });

export const m2 = (rule: Rule, from?: number): Expected => on('m2', rule, from);
export const m3 = (rule: Rule, from?: number): Expected => on('m3', rule, from);
export const cluster = (rule: Rule, from?: number): Expected => ({ rule, ...(from !== undefined && { from }) });

/** A machine whose kubelet goes through the API server beside it; before Kubernetes 1.33 kubeadm sent it through the load balancer. */
export const reportsNoMore = (node: string, from: number): Expected => ({ ...on(node, 'ha-node-notready', from), since: 33 });
