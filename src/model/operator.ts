// What did the operator bring: a kubeconfig, and addresses?
import type { CertificateSeen } from './network.ts';
import type { Platform } from './topology.ts';

export interface KubeconfigSeen {
  readonly path: string;
  readonly context: string;
  /** URL of the API as kubectl dials it. */
  readonly server: string;
  readonly host: string;
  readonly port: number;
  readonly tlsServerName?: string;
  readonly proxied: boolean;
  readonly authority: 'given' | 'system' | 'not-checked';
  readonly credential: CredentialSeen;
}

export type CredentialSeen =
  | { readonly kind: 'none' }
  | { readonly kind: 'client-certificate'; readonly certificate: CertificateSeen }
  /** Milliseconds since 1970, as far as the token says so itself. */
  | { readonly kind: 'token'; readonly expiresAt?: number; readonly issuedAt?: number }
  | { readonly kind: 'plugin'; readonly command: string }
  | { readonly kind: 'broken'; readonly detail: string };

/** Candidate addresses by where they came from; host:port each. */
export interface TopologyHints {
  readonly masters: readonly Hint[];
  readonly members: readonly Hint[];
  /** What a former run knew about the kind of cluster. */
  readonly platform?: Platform;
  readonly etcd?: 'stacked' | 'external';
}

export interface Hint {
  readonly address: string;
  readonly node?: string;
  readonly member?: string;
  readonly from: 'flag' | 'environment' | 'remembered' | 'certificate' | 'manifest';
}
