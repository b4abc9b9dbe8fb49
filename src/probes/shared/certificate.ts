// What does a certificate say, in words that are safe to print?
import { X509Certificate } from 'node:crypto';
import type { CertificateSeen } from '../../model/network.ts';
import { cleanLine } from './text.ts';

/** @throws Error with one sentence when the bytes are no certificate. */
export function parseCertificate(der: Uint8Array | string): X509Certificate {
  try {
    return new X509Certificate(typeof der === 'string' ? Buffer.from(der, 'base64') : der);
  } catch {
    throw new Error('the bytes are not a certificate');
  }
}

/** @throws Error with one sentence when its dates cannot be read. */
export function describeCertificate(certificate: X509Certificate): CertificateSeen {
  const { names, addresses } = splitAlternativeNames(certificate.subjectAltName ?? '');
  return {
    sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    serial: cleanLine(certificate.serialNumber, 64),
    subject: describeName(certificate.subject),
    issuer: describeName(certificate.issuer),
    notBefore: isoDate(certificate.validFrom),
    notAfter: isoDate(certificate.validTo),
    names,
    addresses,
    isAuthority: certificate.ca,
  };
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
