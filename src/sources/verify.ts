// May a credential be shown to the server at the other end of this TLS connection?
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type tls from 'node:tls';
import { certificatesOf } from './connection.ts';

/** What speaks against showing a credential to the peer as one of `names`; undefined when nothing does. */
export type Verify = (socket: tls.TLSSocket, names: readonly string[]) => string | undefined;

/**
 * The server has proved itself when its certificate is for one of the names, and either leads to an authority of the
 * connection's own context, by OpenSSL's check, or to one of `anchors`. As in Go, every certificate among these is an end
 * of a path, also one that another signed. Each certificate is judged once: dozens of connections show the same few.
 */
export function verifierFor(anchors: readonly X509Certificate[]): Verify {
  const judged = new Map<string, string | undefined>();
  return (socket, names) => {
    const sent = certificatesOf(socket);
    const key = [...names, ...sent.map((one) => one.fingerprint256), socket.authorizationError].join(' ');
    if (!judged.has(key)) judged.set(key, objectionTo(sent, socket, anchors, names));
    return judged.get(key);
  };
}

/** `Target.check` for a credential of the user's own; the context has to be one with the system's authorities. */
export function proofFor(host: string, port: number, name: string, anchors: readonly X509Certificate[]) {
  const verify = verifierFor(anchors);
  return (socket: tls.TLSSocket): string | undefined => notShown(host, port, verify(socket, [name]));
}

export function notShown(host: string, port: number, objection: string | undefined): string | undefined {
  return objection && `The credential was not shown to ${host}:${port}, because ${objection}.`;
}

function objectionTo(
  sent: readonly X509Certificate[],
  socket: tls.TLSSocket,
  anchors: readonly X509Certificate[],
  names: readonly string[],
): string | undefined {
  const [leaf] = sent;
  if (leaf === undefined) return 'it showed no certificate';
  if (!socket.authorized && !leadsToAnchor(leaf, sent, anchors))
    return `its certificate is not accepted (${reason(leaf, socket, anchors)})`;
  if (names.some((name) => isFor(leaf, name))) return undefined;
  return `its certificate is for ${(leaf.subjectAltName ?? 'no name').slice(0, 200)}`;
}

/** As in Go, common names do not count, an asterisk stands for one whole label, and a dot at the end says nothing. */
function isFor(leaf: X509Certificate, name: string): boolean {
  const host = name.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const match = isIP(host) === 0 ? leaf.checkHost(host, { subject: 'never', partialWildcards: false }) : leaf.checkIP(host);
  return match !== undefined;
}

function reason(leaf: X509Certificate, socket: tls.TLSSocket, anchors: readonly X509Certificate[]): string {
  if (hasExpired(leaf) || (anchors.length > 0 && anchors.every(hasExpired))) return 'expired';
  if (Date.parse(leaf.validFrom) > Date.now()) return 'not yet valid';
  const error: unknown = socket.authorizationError;
  const code = error instanceof Error ? ('code' in error ? String(error.code) : error.message) : String(error);
  return /ISSUER|LEAF_SIGNATURE|SELF_SIGNED|SIGNATURE_FAILURE/.test(code) ? 'unknown authority' : code;
}

/** serverAuth, and any purpose at all. */
const serverUsages = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0'];

/** From the leaf over what the server sent to an anchor, every step signed, within its dates and by an authority. */
function leadsToAnchor(leaf: X509Certificate, sent: readonly X509Certificate[], anchors: readonly X509Certificate[]): boolean {
  if (leaf.keyUsage && !leaf.keyUsage.some((usage) => serverUsages.includes(usage))) return false;
  if (anchors.some((anchor) => anchor.fingerprint256 === leaf.fingerprint256)) return isValidNow(leaf);
  let current: X509Certificate | undefined = leaf;
  for (let steps = 0; current !== undefined && steps < 10; steps++) {
    if (!isValidNow(current)) return false;
    const below: X509Certificate = current;
    const signs = (issuer: X509Certificate): boolean =>
      issuer.ca && isValidNow(issuer) && below.checkIssued(issuer) && below.verify(issuer.publicKey);
    if (anchors.some(signs)) return true;
    current = sent.find((candidate) => candidate !== below && signs(candidate));
  }
  return false;
}

function isValidNow(certificate: X509Certificate): boolean {
  return Date.parse(certificate.validFrom) <= Date.now() && !hasExpired(certificate);
}

function hasExpired(certificate: X509Certificate): boolean {
  return Date.now() > Date.parse(certificate.validTo);
}
