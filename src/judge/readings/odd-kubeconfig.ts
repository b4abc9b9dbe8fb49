// Do all API servers agree with each other on an authority that the kubeconfig does not hold?
import type { CertificateSeen } from '../../model/network.ts';
import type { Seen } from '../../model/rule.ts';

/** The API servers that show what one and the same key signed, and none of the authorities that they were judged by. */
export interface OddKubeconfig {
  readonly nodes: readonly string[];
  readonly issuer: string;
  /** Identifier of the key that signed what they serve. */
  readonly key: string;
  readonly held: readonly CertificateSeen[];
}

/** A single one may as well be the odd one itself. */
const fewest = 2;

/** Undefined where some API server is trusted, or is refused for another reason, or they differ: then the fault is theirs. */
export function oddKubeconfig(seen: Seen<'api.ready'>): OddKubeconfig | undefined {
  const shown = seen.topology.masters.flatMap(({ subject }) => {
    const item = seen.peek('api.ready', subject);
    const one = item?.state === 'known' ? item.value.tries.find(({ chain }) => chain.length > 0) : undefined;
    const [leaf] = one?.chain ?? [];
    if (item?.state !== 'known' || one === undefined || leaf === undefined) return [];
    return [{ node: subject.name, leaf, trust: one.trust, held: item.value.authorities ?? [] }];
  });
  const [first] = shown;
  const key = first?.leaf.authorityKeyId;
  if (first === undefined || key === undefined || shown.length < fewest) return undefined;
  const alike = shown.every(
    ({ leaf, trust }) => leaf.authorityKeyId === key && trust.kind === 'untrusted' && trust.why === 'unknown-authority',
  );
  if (!alike || first.held.some(({ keyId }) => keyId === key)) return undefined;
  return { nodes: shown.map(({ node }) => node), issuer: first.leaf.issuer, key, held: first.held };
}
