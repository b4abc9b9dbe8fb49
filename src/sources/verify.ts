// May a credential be shown to the server at the other end of this TLS connection?
import { X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import { chainOf, peerCertificate } from './connection.ts';

/**
 * Undefined when the server proved itself: OpenSSL built a path to an authority of the connection's context, nothing
 * on it has expired, and the certificate is for one of `names`. Otherwise what speaks against it.
 */
export function objectionTo(socket: tls.TLSSocket, anchors: readonly X509Certificate[], names: readonly string[]): string | undefined {
  const error = socket.authorizationError;
  // OpenSSL takes only self-signed certificates for an end of the path, Go every certificate in the kubeconfig.
  const incomplete = error && /UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN/.test(codeOf(error));
  if (error && !(incomplete && leadsToAnchor(socket, anchors))) return `its certificate is not accepted (${explain(codeOf(error))})`;
  const certificate = peerCertificate(socket);
  if (certificate === undefined) return 'it showed no certificate';
  if (names.some((name) => tls.checkServerIdentity(name, certificate) === undefined)) return undefined;
  return `its certificate is for ${(certificate.subjectaltname ?? 'no name').slice(0, 200)}`;
}

/** `Target.check` for a credential of the user's own; the context has to be one with the system's authorities. */
export function proofFor(host: string, port: number, name: string, anchors: readonly X509Certificate[]) {
  return (socket: tls.TLSSocket): string | undefined => {
    const objection = objectionTo(socket, anchors, [name]);
    return objection === undefined ? undefined : `The credential was not shown to ${host}:${port}, because ${objection}.`;
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error ? ('code' in error ? String(error.code) : error.message) : String(error);
}

function explain(code: string): string {
  const words: Readonly<Record<string, string>> = {
    CERT_HAS_EXPIRED: 'expired',
    CERT_NOT_YET_VALID: 'not yet valid',
    DEPTH_ZERO_SELF_SIGNED_CERT: 'unknown authority',
    SELF_SIGNED_CERT_IN_CHAIN: 'unknown authority',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknown authority',
    UNABLE_TO_GET_ISSUER_CERT: 'unknown authority',
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown authority',
    CERT_SIGNATURE_FAILURE: 'unknown authority',
  };
  return words[code] ?? code;
}

const serverAuth = '1.3.6.1.5.5.7.3.1';

/** From the leaf over what the server sent to an anchor, every step signed, within its dates and by an authority. */
function leadsToAnchor(socket: tls.TLSSocket, anchors: readonly X509Certificate[]): boolean {
  const sent = chainOf(socket).map((der) => new X509Certificate(Buffer.from(der, 'base64')));
  let current = sent[0];
  if (current === undefined || (current.keyUsage && !current.keyUsage.includes(serverAuth))) return false;
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
  const now = Date.now();
  return Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo);
}
