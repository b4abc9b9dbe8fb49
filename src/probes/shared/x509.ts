// What stands in the bytes of a certificate (RFC 5280)? OpenSSL's own reader takes five times as long, most of it for keys nobody asks for.
import { createHash } from 'node:crypto';
import type { CertificateKey } from '../../model/network.ts';
import { bytesOf, type Element, identifierOf, isOf, isTagged, partsOf, readElement, slicesOf, toBytes, toCharacters } from './der.ts';
import { writeName } from './distinguished-name.ts';
import { cleanLine } from './text.ts';

/** As far as it is read; what is not there is undefined, or empty. */
export interface Certificate {
  readonly der: Uint8Array;
  readonly sha256: string;
  readonly serial: string;
  readonly subject: string;
  readonly issuer: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** DNS names and IP addresses among the alternative names. */
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  /** Whether it says that it may sign certificates. */
  readonly isAuthority: boolean;
  /** Object identifiers of what it may be used for; empty where it does not narrow that. */
  readonly extendedUsages: readonly string[];
  /** Object identifier of how it was signed. */
  readonly algorithm: string;
  readonly key: CertificateKey;
  /** SubjectPublicKeyInfo. */
  readonly keyInfo: Uint8Array;
  readonly keyId?: string;
  readonly authorityKeyId?: string;
}

/** Bytes; OpenSSL itself takes no longer list of certificates from a server (SSL_CTX_set_max_cert_list: 100 kB). */
const longest = 102_400;

/** @throws Error with one sentence when the bytes are no certificate, or one that no server could show, or its dates make no sense. */
export function readCertificate(der: Uint8Array): Certificate {
  if (der.length > longest) throw new Error(`a certificate of ${der.length} bytes is not read`);
  const fields = fieldsOf(der);
  const [begin, end] = partsOf(fields.validity);
  return { ...fields.plain, notBefore: timeOf(begin), notAfter: timeOf(end) };
}

/** A certificate in PEM. @throws Error as readCertificate */
export function readPem(pem: string): Certificate {
  const body = /-----BEGIN CERTIFICATE-----([\sA-Za-z0-9+/=]+)-----END CERTIFICATE-----/.exec(pem)?.[1];
  return readCertificate(Buffer.from(body ?? '', 'base64'));
}

interface Fields {
  readonly plain: Omit<Certificate, 'notBefore' | 'notAfter'>;
  readonly validity: Element | undefined;
}

function fieldsOf(der: Uint8Array): Fields {
  try {
    return fieldsIn(der);
  } catch {
    throw new Error('the bytes are not a certificate');
  }
}

function fieldsIn(der: Uint8Array): Fields {
  const [body, algorithm] = partsOf(readElement(toCharacters(der)));
  const all = partsOf(body);
  // `[0]`, the version, may be left out.
  const skipped = isTagged(all[0], 0) ? 1 : 0;
  const [serial, , issuer, validity, subject, keyInfo] = all.slice(skipped);
  const algorithmId = identifierOf(partsOf(algorithm)[0]);
  if (!isOf('integer', serial) || algorithmId === undefined || partsOf(keyInfo).length < 2) throw new Error('no certificate');
  const extensions = extensionsIn(all.find((one) => isTagged(one, 3)));
  const keyId = extensions.get(ids.subjectKeyIdentifier);
  // `[0]` of it is the key's identifier; issuer name and serial number may follow.
  const authorityKeyId = partsOf(extensions.get(ids.authorityKeyIdentifier)).find((one) => isTagged(one, 0));
  return {
    validity,
    plain: {
      der,
      sha256: createHash('sha256').update(der).digest('hex'),
      serial: writeInteger(bytesOf(serial)),
      subject: writeName(subject),
      issuer: writeName(issuer),
      ...alternativeNamesIn(extensions.get(ids.subjectAlternativeName)),
      isAuthority: maySign(extensions),
      extendedUsages: partsOf(extensions.get(ids.extendedKeyUsage)).flatMap((one) => identifierOf(one) ?? []),
      algorithm: algorithmId,
      key: keyIn(keyInfo),
      keyInfo: slicesOf(slicesOf(der)[0] ?? der)[skipped + 5] ?? new Uint8Array(),
      ...(isOf('octets', keyId) && { keyId: toBytes(bytesOf(keyId)).toString('hex') }),
      ...(authorityKeyId !== undefined && { authorityKeyId: toBytes(bytesOf(authorityKeyId)).toString('hex') }),
    },
  };
}

/** RFC 5280, 4.2.1. */
const ids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

type Extensions = ReadonlyMap<string, Element>;

/** Those that are read, by their identifiers; each is an element within octets. */
function extensionsIn(wrapper: Element | undefined): Extensions {
  const wanted = new Set<string>(Object.values(ids));
  const found = new Map<string, Element>();
  for (const extension of partsOf(partsOf(wrapper)[0])) {
    const parts = partsOf(extension);
    const id = identifierOf(parts[0]);
    const value = parts.at(-1);
    if (id !== undefined && wanted.has(id) && isOf('octets', value)) found.set(id, readElement(bytesOf(value)));
  }
  return found;
}

/** RFC 5280, 4.2.1.9 and 4.2.1.3: the sixth bit of a usage that is given is keyCertSign. */
function maySign(extensions: Extensions): boolean {
  const [isAuthority] = partsOf(extensions.get(ids.basicConstraints));
  if (!isOf('boolean', isAuthority) || bytesOf(isAuthority) === '\0') return false;
  const usage = extensions.get(ids.keyUsage);
  // The first byte of a string of bits counts those that are unused.
  return usage === undefined || (bytesOf(usage).charCodeAt(1) & 0x04) !== 0;
}

/** RFC 5280, 4.2.1.6. */
function alternativeNamesIn(extension: Element | undefined): Pick<Certificate, 'names' | 'addresses'> {
  const all = partsOf(extension);
  return {
    names: all.filter((one) => isTagged(one, 2)).map((one) => cleanLine(bytesOf(one), 253)),
    addresses: all.filter((one) => isTagged(one, 7)).map((one) => writeAddress(toBytes(bytesOf(one)))),
  };
}

/** IPv6 in its usual short form. */
function writeAddress(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return '<invalid>';
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

/** In hex, as OpenSSL writes it: whole bytes, without those that say nothing. */
function writeInteger(characters: string): string {
  const bytes = toBytes(characters);
  const negative = (bytes[0] ?? 0) >= 0x80;
  const size = BigInt(bytes.length * 8);
  const value = BigInt(`0x${bytes.toString('hex') || '0'}`);
  const hex = (negative ? (1n << size) - value : value).toString(16).toUpperCase();
  if (value === 0n) return '0';
  return cleanLine(`${negative ? '-' : ''}${hex.length % 2 === 0 ? '' : '0'}${hex}`, 64);
}

/** RFC 5280, 4.1.2.5: a year of two digits is of the years 1950 to 2049. */
function timeOf(element: Element | undefined): number {
  const text = bytesOf(element);
  const year = isOf('utcTime', element) ? `${Number(text.slice(0, 2)) < 50 ? 20 : 19}${text.slice(0, 2)}` : text.slice(0, 4);
  const rest = text.slice(isOf('utcTime', element) ? 2 : 4);
  const parts = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(rest);
  const written = parts === null ? '' : `${year}-${parts[1]}-${parts[2]}T${parts[3]}:${parts[4]}:${parts[5]}.000Z`;
  const time = Date.parse(written);
  // A 30th of February is taken for a day in March.
  if (Number.isNaN(time) || new Date(time).toISOString() !== written) {
    throw new Error(`the certificate's date “${cleanLine(text, 40)}” cannot be read`);
  }
  return time;
}

/** Kinds of keys, by RFC 8017, RFC 5480 and RFC 8410. */
const kinds: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.1': 'RSA',
  '1.2.840.113549.1.1.10': 'RSA-PSS',
  '1.2.840.10045.2.1': 'EC',
  '1.3.101.112': 'ED25519',
  '1.3.101.113': 'ED448',
};

/** Curves that Kubernetes and its tools make (RFC 5480, 2.1.1.1). */
const curves: Readonly<Record<string, number>> = {
  '1.2.840.10045.3.1.1': 192,
  '1.3.132.0.33': 224,
  '1.2.840.10045.3.1.7': 256,
  '1.3.132.0.34': 384,
  '1.3.132.0.35': 521,
};

function keyIn(info: Element | undefined): CertificateKey {
  const [algorithm, key] = partsOf(info);
  const [id, parameters] = partsOf(algorithm);
  const type = kinds[identifierOf(id) ?? ''] ?? 'unknown';
  const bits = type.startsWith('RSA') ? modulusBits(bytesOf(key)) : curves[identifierOf(parameters) ?? ''];
  return { type, ...(bits !== undefined && { bits }) };
}

function modulusBits(key: string): number | undefined {
  const [modulus] = partsOf(readElement(key.slice(1)));
  const bytes = bytesOf(modulus).replace(/^\0+/, '');
  return isOf('integer', modulus) ? bytes.length * 8 - Math.clz32(bytes.charCodeAt(0)) + 24 : undefined;
}
