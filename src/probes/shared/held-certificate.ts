// What does one certificate among a machine's files say, and which of the authorities beside it signed it?
import type { CertificateSeen } from '../../model/network.ts';
import { describeCertificate } from './certificate.ts';
import { isSignedBy } from './signature.ts';
import { type Certificate, readPem } from './x509.ts';

/** Described lazily, and kept: an authority lies on every machine. */
export class HeldCertificate {
  readonly #certificate: Certificate;
  #seen: CertificateSeen | undefined;
  /** sha256 of an authority -> whether it signed this one. */
  readonly #signers = new Map<string, boolean>();

  constructor(certificate: Certificate) {
    this.#certificate = certificate;
  }

  get isAuthority(): boolean {
    return this.#certificate.isAuthority;
  }

  get sha256(): string {
    return this.#certificate.sha256;
  }

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
    if (!this.isAuthority) return isSignedBy(this.#certificate, authority.#certificate);
    const answer = this.#signers.get(authority.sha256) ?? isSignedBy(this.#certificate, authority.#certificate);
    this.#signers.set(authority.sha256, answer);
    return answer;
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
  const held = new HeldCertificate(readPem(block));
  if (held.isAuthority && heldBefore.size < mostKept) heldBefore.set(block, held);
  return held;
}
