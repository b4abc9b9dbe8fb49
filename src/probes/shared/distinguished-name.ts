// How does OpenSSL write the name of a subject or issuer (RFC 2253), a part of it after the other?
import { bytesOf, type Element, identifierOf, partsOf, toBytes } from './der.ts';
import { cleanLine } from './text.ts';

/** What is met in certificates of clusters and their authorities; what is not here is written as its number. */
const shortNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.13': 'description',
  '2.5.4.15': 'businessCategory',
  '2.5.4.17': 'postalCode',
  '2.5.4.41': 'name',
  '2.5.4.42': 'GN',
  '2.5.4.46': 'dnQualifier',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

/** Types of strings (X.680) whose characters are more than a byte each. */
const [utf8, universalString, bmpString] = [12, 28, 30];

/** One line; the parts of the name in their order. */
export function writeName(name: Element | undefined): string {
  const parts = partsOf(name).map((set) => partsOf(set).map(writeAttribute).join(' + '));
  return cleanLine(parts.join(', '), 500);
}

function writeAttribute(attribute: Element): string {
  const [type, value] = partsOf(attribute);
  const number = identifierOf(type) ?? '?';
  return `${shortNames[number] ?? number}=${withMarks(textOf(value))}`;
}

function textOf(value: Element | undefined): string {
  const bytes = toBytes(bytesOf(value));
  switch (Number(value?.type)) {
    case utf8:
      return bytes.toString('utf8');
    case bmpString:
      return wide(bytes, 2);
    case universalString:
      return wide(bytes, 4);
    default:
      return bytes.toString('latin1');
  }
}

/** Characters of so many bytes each, the gravest first. */
function wide(bytes: Buffer, width: number): string {
  const codes = Array.from({ length: Math.floor(bytes.length / width) }, (_, index) => bytes.readUIntBE(index * width, width));
  return codes.map((code) => (code <= 0x10_ffff ? String.fromCodePoint(code) : '\ufffd')).join('');
}

/** So that a comma within a value does not look like one between two. */
function withMarks(text: string): string {
  return text
    .replace(/[,+"\\<>;]/g, '\\$&')
    .replace(/^[# ]/, '\\$&')
    .replace(/(?<=.) $/, '\\ ');
}
