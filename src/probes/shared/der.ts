// How are bytes in ASN.1's distinguished encoding (X.690) taken apart? By node-forge, which keeps bytes as characters, one for each.
import type forge from 'node-forge';
// @ts-expect-error: declared only as part of the whole package, which takes ten times as long to load.
import asn1OfForge from 'node-forge/lib/asn1.js';

export type Element = forge.asn1.Asn1;

interface Reader {
  /** Its typings know no more than whether it is strict. */
  fromDer(bytes: string, options: { strict: boolean; parseAllBytes: boolean; decodeBitStrings: boolean }): Element;
  derToOid(bytes: string): string;
}

const reader = asn1OfForge as Reader;

/** X.680, 8.4. */
export const types = { boolean: 1, integer: 2, bitString: 3, octets: 4, identifier: 6, utcTime: 23, generalizedTime: 24 } as const;

const [universal, ofContext] = [0x00, 0x80];

/** @throws Error where the bytes are no element, or more than one. */
export function readElement(bytes: string): Element {
  return reader.fromDer(bytes, { strict: true, parseAllBytes: true, decodeBitStrings: false });
}

/** Empty for an element that has only bytes. */
export function partsOf(element: Element | undefined): readonly Element[] {
  return Array.isArray(element?.value) ? element.value : [];
}

/** Empty for an element that has parts. */
export function bytesOf(element: Element | undefined): string {
  return typeof element?.value === 'string' ? element.value : '';
}

export function isOf(type: keyof typeof types, element: Element | undefined): element is Element {
  return element !== undefined && Number(element.tagClass) === universal && Number(element.type) === types[type];
}

/** Whether it is `[number]`. */
export function isTagged(element: Element | undefined, number: number): boolean {
  return element !== undefined && Number(element.tagClass) === ofContext && Number(element.type) === number;
}

/** Such as `2.5.29.14`; undefined for what is no object identifier. */
export function identifierOf(element: Element | undefined): string | undefined {
  return isOf('identifier', element) ? reader.derToOid(bytesOf(element)) : undefined;
}

/** The bytes of each part of an element; only for what `readElement` took, for it trusts the lengths. */
export function slicesOf(der: Uint8Array): readonly Uint8Array[] {
  const slices: Uint8Array[] = [];
  for (let { from: at, to: end } = spanAt(der, 0); at < end; ) {
    const { to } = spanAt(der, at);
    slices.push(der.subarray(at, to));
    at = to;
  }
  return slices;
}

/** X.690, 8.1.3: a length below 128 is one byte; else that byte counts those that hold it. */
function spanAt(der: Uint8Array, at: number): { readonly from: number; readonly to: number } {
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return { from: at + 2, to: at + 2 + first };
  const from = at + 2 + (first - 0x80);
  const length = der.subarray(at + 2, from).reduce((sum, byte) => sum * 256 + byte, 0);
  return { from, to: from + length };
}

export function toCharacters(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

export function toBytes(characters: string): Buffer {
  return Buffer.from(characters, 'latin1');
}
