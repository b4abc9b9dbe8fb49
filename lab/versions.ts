// Which releases can the lab run, and what must be built for each?

export interface Release {
  /** Kubernetes version without the leading v, such as 1.34.4. */
  readonly kubernetes: string;
  /** etcd version without the leading v, such as 3.6.16. */
  readonly etcd: string;
  /** Tag of the pause image that kubeadm of this release asks for. */
  readonly pause: string;
}

/** Newest first; the first one is the default. Each has go.mod and go.sum under lab/modules. */
export const releases: readonly Release[] = [
  { kubernetes: '1.34.4', etcd: '3.6.16', pause: '3.10.1' },
  { kubernetes: '1.32.5', etcd: '3.5.35', pause: '3.10' },
];

/**
 * The release for a version the user typed: exact (`1.34.4`) or its minor (`1.34`).
 * @throws Error naming the versions there are.
 */
export function releaseFor(version: string | undefined): Release {
  const [first] = releases;
  if (version === undefined && first !== undefined) return first;
  const wanted = (version ?? '').replace(/^v/, '');
  const found = releases.find((r) => r.kubernetes === wanted || r.kubernetes.startsWith(`${wanted}.`));
  if (found !== undefined) return found;
  const known = releases.map((r) => r.kubernetes).join(', ');
  throw new Error(`the lab does not know Kubernetes ${wanted}; it knows ${known}`);
}
