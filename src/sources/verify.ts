// May a credential be shown to the server at the other end of this TLS connection?
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type tls from 'node:tls';
import { certificatesOf } from './connection.ts';

/** What speaks against showing a credential to the peer as one of `names`; undefined when nothing does. */
export type Verify = (socket: tls.TLSSocket, names: readonly string[]) => string | undefined;

/**
 * The server has proved itself when its certificate is for one of the names, and either OpenSSL found a path to an authority
 * of the connection's context, or one of `anchors` signed it itself. Longer paths, and authorities that may not sign for
 * everybody, are OpenSSL's to judge: such a connection is made again with a context that holds the anchors.
 */
export function verifierFor(anchors: readonly X509Certificate[]): Verify {
  const plain = anchors.filter((anchor) => !isRestricted(anchor));
  /** Dozens of connections of one run show the same few certificates. */
  const known = new Map<string, boolean>();
  const isSignedHere = (leaf: X509Certificate): boolean => {
    const isSigned = known.get(leaf.fingerprint256) ?? plain.some((anchor) => signs(anchor, leaf));
    known.set(leaf.fingerprint256, isSigned);
    return isSigned;
  };
  return (socket, names) => {
    const [leaf] = certificatesOf(socket);
    if (leaf === undefined) return 'it showed no certificate';
    if (!socket.authorized && !isSignedHere(leaf)) return `its certificate is not accepted (${explain(codeOf(socket.authorizationError))})`;
    if (names.some((name) => isFor(leaf, name))) return undefined;
    return `its certificate is for ${(leaf.subjectAltName ?? 'no name').slice(0, 200)}`;
  };
}

/** `Target.check` for a credential of the user's own, over a context with the system's authorities. */
export function proofFor(host: string, port: number, name: string, anchors: readonly X509Certificate[]) {
  const verify = verifierFor(anchors);
  return (socket: tls.TLSSocket): string | undefined => notShown(host, port, verify(socket, [name]));
}

export function notShown(host: string, port: number, objection: string | undefined): string | undefined {
  return objection && `The credential was not shown to ${host}:${port}, because ${objection}.`;
}

/** As in Go, common names do not count, an asterisk stands for one whole label, and a dot at the end says nothing. */
function isFor(leaf: X509Certificate, name: string): boolean {
  const host = name.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const match = isIP(host) === 0 ? leaf.checkHost(host, { subject: 'never', partialWildcards: false }) : leaf.checkIP(host);
  return match !== undefined;
}

function codeOf(error: unknown): string {
  return error instanceof Error ? ('code' in error ? String(error.code) : error.message) : String(error);
}

function explain(code: string): string {
  if (/ISSUER|LEAF_SIGNATURE|SELF_SIGNED|SIGNATURE_FAILURE/.test(code)) return 'unknown authority';
  return { CERT_HAS_EXPIRED: 'expired', CERT_NOT_YET_VALID: 'not yet valid' }[code] ?? code;
}

const serverAuth = '1.3.6.1.5.5.7.3.1';
/** The extension nameConstraints, 2.5.29.30, as it stands in a certificate. */
const nameConstraints = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x1e]);

function isRestricted(anchor: X509Certificate): boolean {
  return anchor.keyUsage !== undefined || anchor.raw.includes(nameConstraints);
}

/** In one step, both within their dates; a certificate that names its purposes is one for servers. */
function signs(anchor: X509Certificate, leaf: X509Certificate): boolean {
  const isForServers = leaf.keyUsage === undefined || leaf.keyUsage.includes(serverAuth);
  return isForServers && anchor.ca && [anchor, leaf].every(isValidNow) && leaf.checkIssued(anchor) && leaf.verify(anchor.publicKey);
}

function isValidNow(certificate: X509Certificate): boolean {
  return Date.parse(certificate.validFrom) <= Date.now() && Date.now() <= Date.parse(certificate.validTo);
}
