// Is a certificate made for this name or address?
import type { CertificateSeen } from '../../model/network.ts';

/** As Go's clients do: only the alternative names count, an address must stand there as one, and `*` is one whole label. */
export function covers(certificate: CertificateSeen, host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isAddress(bare)) return certificate.addresses.includes(shortAddress(bare));
  const wanted = bare.toLowerCase();
  const parent = wanted.slice(wanted.indexOf('.') + 1);
  return certificate.names.some((name) => {
    const own = name.toLowerCase().replace(/\.$/, '');
    return own === wanted || (own.startsWith('*.') && wanted.includes('.') && own.slice(2) === parent);
  });
}

export function isAddress(host: string): boolean {
  return /^[0-9.]+$/.test(host) || host.includes(':');
}

/** IPv6 as certificates are read: in its short form. */
export function shortAddress(address: string): string {
  if (!address.includes(':') || !URL.canParse(`http://[${address}]/`)) return address;
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

/** For people: what it is made for, not more than fits a line. */
export function namesOn({ names, addresses }: CertificateSeen): string {
  const all = [...names, ...addresses];
  const most = 8;
  return all.length === 0 ? 'nothing' : `${all.slice(0, most).join(', ')}${all.length > most ? `, +${all.length - most}` : ''}`;
}

/** The first address of a range, which the Service `kubernetes` gets: `10.96.0.0/12` gives `10.96.0.1`; undefined for what is no range. */
export function firstServiceAddress(range: string): string | undefined {
  const [base = '', bits] = range.trim().split('/');
  if (bits === undefined) return undefined;
  const numbers = base.split('.').map(Number);
  if (numbers.length === 4 && numbers.every((one) => one >= 0 && one < 256)) {
    const [one = 0, two = 0, three = 0, four = 0] = numbers;
    const mask = (0xffffffff << (32 - Number(bits))) >>> 0;
    const first = ((((one << 24) | (two << 16) | (three << 8) | four) & mask) >>> 0) + 1;
    return [first >>> 24, (first >>> 16) & 255, (first >>> 8) & 255, first & 255].join('.');
  }
  return base.endsWith('::') ? shortAddress(`${base}1`) : undefined;
}
