// Which versions of etcd should nobody run, and why? State of November 2026; the first row that fits is the one that counts.
import type { Version } from '../../../src/judge/readings/etcd-versions.ts';
import type { Severity } from '../../../src/model/verdict.ts';

export interface RiskyRange {
  readonly from: Version;
  /** The first version that is free of it. */
  readonly until: Version;
  readonly severity: Severity;
  readonly reason: 'corrupts-data' | 'below-minimum' | 'end-of-support';
  readonly words: string;
  /** What to run instead, of the same minor version where there is one. */
  readonly instead: string;
  readonly source: string;
}

export const riskyRanges: readonly RiskyRange[] = [
  {
    from: [3, 5, 0],
    until: [3, 5, 3],
    severity: 'critical',
    reason: 'corrupts-data',
    words: 'loses consistency when it is killed under load',
    instead: 'the latest 3.5',
    source: 'https://groups.google.com/a/kubernetes.io/g/dev/c/B7gJs88XtQc and etcd CHANGELOG-3.5 (3.5.3)',
  },
  {
    from: [3, 5, 3],
    until: [3, 5, 6],
    severity: 'warning',
    reason: 'below-minimum',
    words: 'is below the oldest 3.5 recommended for production (3.5.6)',
    instead: 'the latest 3.5',
    source: 'github.com/etcd-io/etcd CHANGELOG/README.md, production recommendation',
  },
  {
    from: [3, 4, 0],
    until: [3, 4, 22],
    severity: 'warning',
    reason: 'below-minimum',
    words: 'is below the oldest 3.4 recommended for production (3.4.22), and 3.4 gets no more fixes',
    instead: '3.5, by way of the latest 3.4',
    source: 'github.com/etcd-io/etcd CHANGELOG/README.md, production recommendation',
  },
  {
    from: [0, 0, 0],
    until: [3, 5, 0],
    severity: 'warning',
    reason: 'end-of-support',
    words: 'gets no more fixes, unless a distribution backports them',
    instead: '3.5, one minor version at a time',
    source: 'https://etcd.io/docs/v3.6/op-guide/versioning/ (two minor versions are maintained; 3.4 ended in 2026)',
  },
];

/** A member list that an older 3.5 kept in two places may bring removed members back in 3.6. */
export const safeForNextMinor: Version = [3, 5, 26];

/** What kubeadm pairs with a minor version of Kubernetes (cmd/kubeadm/app/constants: SupportedEtcdVersion). */
export function pairedMinor(kubernetesMinor: number): number {
  if (kubernetesMinor >= 34) return 6;
  return kubernetesMinor >= 22 ? 5 : 4;
}

/** The oldest external etcd kubeadm takes (cmd/kubeadm/app/constants: MinExternalEtcdVersion). */
export const oldestExternal: Version = [3, 5, 24];
