// What stands in a certificate that Node does not tell: how it was signed, and by which key?

/** An element of ASN.1's distinguished encoding: its tag, and where its content begins and ends. */
interface Element {
  readonly tag: number;
  readonly from: number;
  readonly to: number;
}

const sequence = 0x30;
const objectIdentifier = 0x06;
const octets = 0x04;
/** `[3]` of a certificate's body holds its extensions (RFC 5280, 4.1). */
const extensionsTag = 0xa3;

/** RFC 5280, 4.2.1.1 and 4.2.1.2. */
const subjectKeyIdentifier = '2.5.29.14';
const authorityKeyIdentifier = '2.5.29.35';

/** Names that openssl prints, by RFC 8017, RFC 5758 and RFC 8410. */
const algorithms: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.10': 'rsassaPss',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.10045.4.1': 'ecdsa-with-SHA1',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  '1.3.101.112': 'ED25519',
};

export interface Signing {
  readonly signature?: string;
  readonly keyId?: string;
  readonly authorityKeyId?: string;
}

export interface RsaKey {
  /** The public key's own bytes (SubjectPublicKeyInfo). */
  readonly info: Uint8Array;
  /** Length of its modulus. */
  readonly bits: number;
}

/** Whatever of it can be read; bytes that are no certificate give nothing. */
export function readDer(der: Uint8Array): { readonly signing: Signing; readonly rsaKey?: RsaKey } {
  const whole = elementAt(der, 0, der.length);
  if (whole?.tag !== sequence) return { signing: {} };
  const [body, algorithm] = childrenOf(der, whole);
  if (body === undefined) return { signing: {} };
  const parts = childrenOf(der, body);
  const rsaKey = rsaKeyAmong(der, parts);
  return { signing: algorithm === undefined ? {} : signingOf(der, parts, algorithm), ...(rsaKey !== undefined && { rsaKey }) };
}

function signingOf(der: Uint8Array, parts: readonly Element[], algorithm: Element): Signing {
  const oid = childrenOf(der, algorithm)[0];
  const signature = oid?.tag === objectIdentifier ? identifierOf(der, oid) : undefined;
  const found = extensionsAmong(der, parts);
  const own = found.get(subjectKeyIdentifier);
  const issuer = found.get(authorityKeyIdentifier);
  const keyId = own && elementAt(der, own.from, own.to);
  const issuerSequence = issuer && elementAt(der, issuer.from, issuer.to);
  // `[0]` of it is the key's identifier; issuer name and serial number may follow.
  const authorityKeyId = issuerSequence && childrenOf(der, issuerSequence).find(({ tag }) => tag === 0x80);
  return {
    ...(signature !== undefined && { signature: algorithms[signature] ?? signature }),
    ...(keyId?.tag === octets && { keyId: hex(der, keyId) }),
    ...(authorityKeyId !== undefined && { authorityKeyId: hex(der, authorityKeyId) }),
  };
}

const rsaEncryption = '1.2.840.113549.1.1.1';
const bitString = 0x03;
const integer = 0x02;

/** RSA keys alone: those have one encoding, and making a key of them costs more than all the rest of a certificate. */
function rsaKeyAmong(der: Uint8Array, parts: readonly Element[]): RsaKey | undefined {
  // After version, serial number, algorithm, issuer, validity and subject; the version may be left out.
  const info = parts[parts[0]?.tag === 0xa0 ? 6 : 5];
  if (info?.tag !== sequence) return undefined;
  const [algorithm, key] = childrenOf(der, info);
  const oid = algorithm && childrenOf(der, algorithm)[0];
  if (oid?.tag !== objectIdentifier || identifierOf(der, oid) !== rsaEncryption || key?.tag !== bitString) return undefined;
  // The first byte of a bit string counts its unused bits.
  const inner = elementAt(der, key.from + 1, key.to);
  const modulus = inner && childrenOf(der, inner)[0];
  if (modulus?.tag !== integer) return undefined;
  let from = modulus.from;
  while (from < modulus.to && der[from] === 0) from++;
  const bits = (modulus.to - from) * 8 - Math.clz32(der[from] ?? 0) + 24;
  return { info: der.subarray(startOf(info), info.to), bits };
}

/** Where an element's own tag stands, by how its length is written. */
function startOf({ from, to }: Element): number {
  const length = to - from;
  const header = length < 0x80 ? 2 : length < 0x100 ? 3 : length < 0x10000 ? 4 : 5;
  return from - header;
}

/** Extension -> its value, an octet string around the extension's own encoding. */
function extensionsAmong(der: Uint8Array, parts: readonly Element[]): ReadonlyMap<string, Element> {
  const wrapper = parts.find(({ tag }) => tag === extensionsTag);
  const list = wrapper && childrenOf(der, wrapper)[0];
  const found = new Map<string, Element>();
  for (const extension of list === undefined ? [] : childrenOf(der, list)) {
    const own = childrenOf(der, extension);
    const [name] = own;
    const value = own.at(-1);
    if (name?.tag === objectIdentifier && value?.tag === octets) found.set(identifierOf(der, name), value);
  }
  return found;
}

function childrenOf(der: Uint8Array, { from, to }: Element): readonly Element[] {
  const children: Element[] = [];
  for (let at = from; at < to; ) {
    const child = elementAt(der, at, to);
    if (child === undefined) break;
    children.push(child);
    at = child.to;
  }
  return children;
}

/** Undefined where the bytes end before the element does. */
function elementAt(der: Uint8Array, at: number, end: number): Element | undefined {
  const [tag, first] = [der[at], der[at + 1]];
  if (tag === undefined || first === undefined || at + 2 > end) return undefined;
  let from = at + 2;
  let length = first;
  if (first > 0x80) {
    length = 0;
    const bytes = first - 0x80;
    if (bytes > 4) return undefined;
    for (let index = 0; index < bytes; index++) length = length * 256 + (der[from + index] ?? Number.NaN);
    from += bytes;
  }
  const to = from + length;
  return first !== 0x80 && to <= end ? { tag, from, to } : undefined;
}

/** `2.5.29.14`: seven bits a byte, the last byte of a number below 128; the first number holds two. */
function identifierOf(der: Uint8Array, { from, to }: Element): string {
  const numbers: number[] = [];
  let number = 0;
  for (let at = from; at < to; at++) {
    const byte = der[at] ?? 0;
    number = number * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    numbers.push(number);
    number = 0;
  }
  const [first = 0, ...rest] = numbers;
  const arc = Math.min(2, Math.floor(first / 40));
  return [arc, first - 40 * arc, ...rest].join('.');
}

function hex(der: Uint8Array, { from, to }: Element): string {
  return Buffer.from(der.subarray(from, to)).toString('hex');
}
