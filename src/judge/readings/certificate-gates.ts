// What can a certificate of this role bring about?
import type { Certainty, Link, Seen } from '../../model/rule.ts';
import { allOf } from './certainty.ts';
import { kubeletUsesOwnApiServer, usesOnlyLocalEtcd } from './wiring.ts';

/** Only a cause of one of these roles. */
export function ofRole(...roles: readonly string[]): (link: Link) => Certainty {
  return ({ cause }) => (roles.includes(cause.group ?? '') ? 'yes' : 'no');
}

/** Of these roles, where the API server concerned knows no other etcd member than the one beside it. */
export function reachesEtcd(...roles: readonly string[]): (link: Link, seen: Seen) => Certainty {
  return (link, seen) => allOf(ofRole(...roles)(link), usesOnlyLocalEtcd(seen, link.effect.subject.keys.node));
}

/** A kubelet that does not answer itself has another trouble than the certificate of its API server. */
export function kubeletRefuses(link: Link, seen: Seen): Certainty {
  const port = seen.peek('node.kubelet-port', link.effect.subject);
  const silent = port?.state === 'known' && port.value.outcome.kind === 'failed';
  return allOf(ofRole('apiserver')(link), kubeletUsesOwnApiServer(seen, link.effect.subject.keys.node), silent ? 'no' : 'yes');
}
