// Which key made the signature of a certificate?
import { createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import { kept } from '../../model/kept.ts';
import { bytesOf, readElement, slicesOf, toBytes, toCharacters } from './der.ts';
import type { Certificate } from './x509.ts';

interface Algorithm {
  /** As openssl prints it. */
  readonly name: string;
  /** The kind of key that signs so, as OpenSSL calls it, and what it signs; absent where that stands in parameters. */
  readonly by?: string;
  readonly digest?: string;
}

/** RFC 8017, RFC 5758 and RFC 8410. */
const algorithms: Readonly<Record<string, Algorithm>> = {
  '1.2.840.113549.1.1.4': { name: 'md5WithRSAEncryption', by: 'rsa', digest: 'md5' },
  '1.2.840.113549.1.1.5': { name: 'sha1WithRSAEncryption', by: 'rsa', digest: 'sha1' },
  '1.2.840.113549.1.1.10': { name: 'rsassaPss' },
  '1.2.840.113549.1.1.11': { name: 'sha256WithRSAEncryption', by: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { name: 'sha384WithRSAEncryption', by: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { name: 'sha512WithRSAEncryption', by: 'rsa', digest: 'sha512' },
  '1.2.840.10045.4.1': { name: 'ecdsa-with-SHA1', by: 'ec', digest: 'sha1' },
  '1.2.840.10045.4.3.2': { name: 'ecdsa-with-SHA256', by: 'ec', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { name: 'ecdsa-with-SHA384', by: 'ec', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { name: 'ecdsa-with-SHA512', by: 'ec', digest: 'sha512' },
  '1.3.101.112': { name: 'ED25519' },
};

/** How it was signed, as openssl prints it, or as a number. */
export function nameOfAlgorithm({ algorithm }: Certificate): string {
  return algorithms[algorithm]?.name ?? algorithm;
}

/** The key within it, which costs more to make than the whole certificate to read; null for a kind that OpenSSL does not know. */
const publicKeyOf = kept(({ keyInfo }: Certificate): KeyObject | null => {
  try {
    return createPublicKey({ key: Buffer.from(keyInfo), format: 'der', type: 'spki' });
  } catch {
    return null;
  }
});

/** By signature alone, whatever the names. */
export function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  const { by, digest } = algorithms[certificate.algorithm] ?? {};
  const key = publicKeyOf(issuer);
  if (key === null) return false;
  try {
    if (by === undefined || digest === undefined) return toOpenSsl(certificate)?.verify(key) === true;
    const { der } = certificate;
    const [body, outer, bits] = slicesOf(der);
    const inner = slicesOf(body ?? der).slice(0, 3);
    // RFC 5280, 4.1.1.2: what is signed names the same algorithm.
    const agrees = outer !== undefined && inner.some((one) => Buffer.compare(one, outer) === 0);
    if (!agrees || body === undefined || bits === undefined || key.asymmetricKeyType !== by) return false;
    return verify(digest, body, key, toBytes(bytesOf(readElement(toCharacters(bits)))).subarray(1));
  } catch {
    // A key of a kind that cannot have made this signature.
    return false;
  }
}

/** For what OpenSSL knows best, such as whose name a wildcard covers; undefined where it does not take the certificate. */
export const toOpenSsl = kept(({ der }: Certificate): X509Certificate | undefined => {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
});
