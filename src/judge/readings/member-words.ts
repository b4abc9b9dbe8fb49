// What did one etcd member say about itself, to those who could ask it?
import type { EtcdMetrics, EtcdStatus } from '../../model/etcd.ts';
import type { Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';

/** The member's own counters, when they could be read. */
export function metricsOf(seen: Seen<'etcd.metrics'>, member: Member): { readonly value: EtcdMetrics; readonly by: string } | undefined {
  const item = seen.peek('etcd.metrics', member.subject);
  return item?.state === 'known' && item.value.kind === 'answered' ? { value: item.value, by: item.source } : undefined;
}

/** The member's own status, when it could be asked with a certificate. */
export function statusOf(seen: Seen<'etcd.status'>, member: Member): EtcdStatus | undefined {
  const item = seen.peek('etcd.status', member.subject);
  return item?.state === 'known' && item.value.kind === 'answered' ? item.value : undefined;
}
