// What came of one try to talk to a network service?

/** Where a try ended, and how. `hung` needs a finished TCP connection without any further byte. */
export const failureClasses = ['dns', 'refused', 'timeout', 'hung', 'reset', 'closed', 'tls', 'unreachable', 'protocol'] as const;
export type FailureClass = (typeof failureClasses)[number];

/** A certificate as the server presented it; times are ISO 8601 in UTC. */
export interface CertificateSeen {
  readonly sha256: string;
  readonly serial: string;
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** DNS names and IP addresses of the subject alternative name, without their type prefix. */
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  readonly isAuthority: boolean;
  /** What follows is absent in evidence that was read by a version that did not look for it. */
  readonly key?: CertificateKey;
  /** sha256 of the public key (SubjectPublicKeyInfo), as the private key's own public half would give it. */
  readonly publicKey?: string;
  /** How it was signed, such as `sha256WithRSAEncryption`, or the algorithm's number. */
  readonly signature?: string;
  /** What it says it may be used for; empty where it does not narrow that. */
  readonly usages?: readonly Usage[];
  /** Identifiers of its own key and of the key that signed it, in hex, where it carries them. */
  readonly keyId?: string;
  readonly authorityKeyId?: string;
}

/** Bits of an RSA key's modulus or of a curve. */
export interface CertificateKey {
  readonly type: string;
  readonly bits?: number;
}

export type Usage = 'server' | 'client' | 'other';

/** Would a client that holds the expected CA accept this server? A date is wrong where it is by the server's clock and by ours. */
export type Trust =
  | { readonly kind: 'trusted' }
  | { readonly kind: 'untrusted'; readonly why: 'expired' | 'not-yet-valid' | 'wrong-name' | 'unknown-authority'; readonly detail: string }
  | { readonly kind: 'not-judged'; readonly why: string };

export interface Answer {
  readonly kind: 'answered';
  /** HTTP status. */
  readonly status: number;
  readonly body: string;
  /** The Date header as milliseconds since 1970, whole seconds; absent when the server sent none. */
  readonly serverTime?: number;
  /** The Server header; an API server sends none. */
  readonly server?: string;
}

export interface Failure {
  readonly kind: 'failed';
  readonly why: FailureClass;
  /** The TLS alert's number where the peer sent one (RFC 8446 section 6). */
  readonly alert?: number;
  /** One sentence without secrets. */
  readonly detail: string;
}

/** One try, from name resolution to the last byte. */
export interface Try {
  /** Address that was dialled, IP:port; the name when resolution failed. */
  readonly address: string;
  /** Milliseconds since 1970 by our clock, before the request was written and after the first byte came. */
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly outcome: Answer | Failure;
  /** Whether TCP was established, whatever came later. */
  readonly connected: boolean;
  /** The chain the server sent, leaf first; empty when none was seen. */
  readonly chain: readonly CertificateSeen[];
  readonly trust: Trust;
}

/** The answer of a port that is only knocked at: TCP, then TLS without a client certificate. */
export interface Knock {
  readonly outcome: { readonly kind: 'open' } | Failure;
  readonly chain: readonly CertificateSeen[];
  /** By the authority the user named for it and the name it was asked by; absent where none was named. */
  readonly trust?: Trust;
  /** The authorities the user named for it. */
  readonly authorities?: readonly CertificateSeen[];
  /** Of a peer port: those that members check one another with, by files of their own. Otherwise they may be those of clients alone. */
  readonly authoritiesOf?: 'peers';
}
