// What does one certificate among a machine's files say, and which of the authorities beside it signed it?
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { CertificateSeen } from '../../model/network.ts';
import { describeCertificate, digestOf, parseCertificate } from './certificate.ts';

/** Read lazily, and kept: an authority lies on every machine. */
export class HeldCertificate {
  readonly isAuthority: boolean;
  readonly #certificate: X509Certificate;
  #seen: CertificateSeen | undefined;
  #sha256: string | undefined;
  /** Null for a kind of key that OpenSSL does not know. */
  #key: KeyObject | null | undefined;
  /** sha256 of an authority -> whether it signed this one. */
  readonly #signers = new Map<string, boolean>();

  constructor(certificate: X509Certificate) {
    this.#certificate = certificate;
    this.isAuthority = certificate.ca;
  }

  get sha256(): string {
    this.#sha256 ??= digestOf(this.#certificate);
    return this.#sha256;
  }

  /** @throws Error with one sentence when its dates cannot be read. */
  get seen(): CertificateSeen {
    this.#seen ??= describeCertificate(this.#certificate);
    return this.#seen;
  }

  /** sha256 of each that signed it: by signature; the name only says with whom it is worth trying. */
  signersAmong(authorities: readonly HeldCertificate[]): readonly string[] {
    const { issuer } = this.#certificate;
    return authorities.filter((one) => one.#certificate.subject === issuer && this.#isSignedBy(one)).map(({ sha256 }) => sha256);
  }

  #isSignedBy(authority: HeldCertificate): boolean {
    // Others lie in one file only, and are asked about once.
    if (!this.isAuthority) return authority.#signed(this.#certificate);
    const answer = this.#signers.get(authority.sha256) ?? authority.#signed(this.#certificate);
    this.#signers.set(authority.sha256, answer);
    return answer;
  }

  #signed(certificate: X509Certificate): boolean {
    this.#key ??= keyOf(this.#certificate);
    try {
      return this.#key !== null && certificate.verify(this.#key);
    } catch {
      // A key of a kind that cannot have made this signature.
      return false;
    }
  }
}

function keyOf(certificate: X509Certificate): KeyObject | null {
  try {
    return certificate.publicKey;
  } catch {
    return null;
  }
}

/** Each authority once, however many files hold it. */
export function distinct(certificates: readonly HeldCertificate[]): readonly HeldCertificate[] {
  return [...new Map(certificates.map((one) => [one.sha256, one])).values()];
}

/** Authorities by their text. */
const heldBefore = new Map<string, HeldCertificate>();
const mostKept = 100;

/** A certificate in PEM. @throws Error with one sentence. */
export function holdCertificate(block: string): HeldCertificate {
  const before = heldBefore.get(block);
  if (before !== undefined) return before;
  const held = new HeldCertificate(parseCertificate(Buffer.from(block)));
  if (held.isAuthority && heldBefore.size < mostKept) heldBefore.set(block, held);
  return held;
}
