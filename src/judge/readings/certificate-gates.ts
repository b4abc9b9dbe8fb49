// What can a certificate of this role bring about?
import type { Certainty, Link, Seen } from '../../model/rule.ts';
import { allOf } from './certainty.ts';
import { kubeletHangsOnOwnApiServer } from './host.ts';
import { usesOnlyLocalEtcd } from './wiring.ts';

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
  return allOf(ofRole('apiserver')(link), kubeletHangsOnOwnApiServer(seen, link.effect.subject.keys.node));
}
