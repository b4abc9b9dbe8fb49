// Does what is on an etcd member's machine hang on that very member?
import { allOf } from '../../../src/judge/readings/certainty.ts';
import { kubeletHangsOnOwnApiServer } from '../../../src/judge/readings/host.ts';
import { usesOnlyLocalEtcd } from '../../../src/judge/readings/wiring.ts';
import type { Certainty, Link, Seen } from '../../../src/model/rule.ts';

/** The API server beside it reads from it and from no other. */
export function viaLocalMember({ effect }: Link, seen: Seen): Certainty {
  return usesOnlyLocalEtcd(seen, effect.subject.keys.node);
}

/** The kubelet beside it reports to that API server. */
export function viaLocalKubelet({ effect }: Link, seen: Seen): Certainty {
  const { node } = effect.subject.keys;
  return allOf(usesOnlyLocalEtcd(seen, node), kubeletHangsOnOwnApiServer(seen, node));
}
