// What does a certificate say, in words that are safe to print?
import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import type { CertificateKey, CertificateSeen, Usage } from '../../model/network.ts';
import { type RsaKey, readDer } from './der.ts';
import { cleanLine } from './text.ts';

/** Bytes; OpenSSL itself takes no longer list of certificates from a server (SSL_CTX_set_max_cert_list: 100 kB). */
const longest = 102_400;

/** @throws Error with one sentence when the bytes are no certificate, or one that no server could show. */
export function parseCertificate(der: Uint8Array | string): X509Certificate {
  // PEM and base64 are a third longer.
  if (der.length > longest * 2) throw new Error(`a certificate of ${der.length} bytes is not read`);
  const certificate = parse(der);
  if (certificate.raw.length > longest) throw new Error(`a certificate of ${certificate.raw.length} bytes is not read`);
  return certificate;
}

function parse(der: Uint8Array | string): X509Certificate {
  try {
    return new X509Certificate(typeof der === 'string' ? Buffer.from(der, 'base64') : der);
  } catch {
    throw new Error('the bytes are not a certificate');
  }
}

/** @throws Error with one sentence when its dates cannot be read. */
export function describeCertificate(certificate: X509Certificate): CertificateSeen {
  const { names, addresses } = splitAlternativeNames(certificate.subjectAltName ?? '');
  const { signing, rsaKey } = readDer(certificate.raw);
  return {
    sha256: digestOf(certificate),
    serial: cleanLine(certificate.serialNumber, 64),
    subject: describeName(certificate.subject),
    issuer: describeName(certificate.issuer),
    notBefore: isoDate(certificate.validFrom),
    notAfter: isoDate(certificate.validTo),
    names,
    addresses,
    isAuthority: certificate.ca,
    ...describeKey(certificate, rsaKey),
    ...signing,
    usages: usagesOf(certificate),
  };
}

/** RFC 5280, 4.2.1.12; anyExtendedKeyUsage narrows nothing. */
const usages: Readonly<Record<string, Usage>> = { '1.3.6.1.5.5.7.3.1': 'server', '1.3.6.1.5.5.7.3.2': 'client' };
const anyUsage = '2.5.29.37.0';

function usagesOf(certificate: X509Certificate): readonly Usage[] {
  const found = (certificate.keyUsage as readonly string[] | undefined) ?? [];
  return found.includes(anyUsage) ? [] : [...new Set(found.map((oid) => usages[oid] ?? 'other'))].sort();
}

/** SHA-256 of the whole certificate in hex. */
export function digestOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

function describeKey(certificate: X509Certificate, rsa: RsaKey | undefined): Pick<CertificateSeen, 'key' | 'publicKey'> {
  if (rsa !== undefined) return { key: { type: 'RSA', bits: rsa.bits }, publicKey: createHash('sha256').update(rsa.info).digest('hex') };
  try {
    const { publicKey } = certificate;
    return { key: kindOf(publicKey), publicKey: digestOfKey(publicKey) };
  } catch {
    // A kind of key that OpenSSL does not know.
    return { key: { type: 'unknown' } };
  }
}

/** Names of curves that Kubernetes and its tools make, as OpenSSL calls them. */
const curves: Readonly<Record<string, number>> = { prime192v1: 192, secp224r1: 224, prime256v1: 256, secp384r1: 384, secp521r1: 521 };

function kindOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): CertificateKey {
  const type = asymmetricKeyType?.toUpperCase() ?? 'unknown';
  const bits = asymmetricKeyDetails?.modulusLength ?? curves[asymmetricKeyDetails?.namedCurve ?? ''];
  return { type, ...(bits !== undefined && { bits }) };
}

function digestOfKey(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** Node writes one part of a distinguished name per line. */
function describeName(name: string | undefined): string {
  return cleanLine((name ?? '').split('\n').join(', '), 500);
}

/** Milliseconds since 1970 of the form `Nov 21 08:00:00 2026 GMT`. */
export function certificateTime(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new Error(`the certificate's date “${cleanLine(text, 40)}” cannot be read`);
  return time;
}

function isoDate(text: string): string {
  return new Date(certificateTime(text)).toISOString();
}

/**
 * Node joins the entries with `, ` and writes an entry that could be mistaken for several as a JSON string, so a comma
 * inside quotes never separates.
 */
export function splitAlternativeNames(text: string): { readonly names: readonly string[]; readonly addresses: readonly string[] } {
  const names: string[] = [];
  const addresses: string[] = [];
  for (const [, kind, written] of text.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)) {
    const value = cleanLine(unquote(written ?? ''), 253);
    if (kind === 'DNS') names.push(value);
    if (kind === 'IP Address') addresses.push(shortAddress(value));
  }
  return { names, addresses };
}

function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value;
  }
}

/** IPv6 in its usual short form; anything else as it stands. */
function shortAddress(address: string): string {
  if (!address.includes(':')) return address;
  try {
    return new URL(`http://[${address}]/`).hostname.slice(1, -1);
  } catch {
    return address;
  }
}
