// Would a client that holds these anchors and knows these names accept this chain at that time?
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Trust } from '../../model/network.ts';
import { cleanLine } from './text.ts';
import { isSignedBy, toOpenSsl } from './signature.ts';
import type { Certificate } from './x509.ts';

export interface Expectation {
  readonly anchors: readonly Certificate[];
  /** Names and addresses; one match is enough. */
  readonly names: readonly string[];
  /** Milliseconds since 1970, by the server's clock where it told one. */
  readonly at: number;
}

/**
 * The authority comes first: what a certificate says about dates and names means nothing until somebody we trust has
 * signed it.
 */
export function judgeTrust(leaf: Certificate, rest: readonly Certificate[], expected: Expectation): Trust {
  if (expected.anchors.length === 0) return { kind: 'not-judged', why: 'no certificate authority is known to check it with' };
  const path = findPath(leaf, rest, expected.anchors);
  if (path === undefined) {
    const detail = `signed by “${nameOf(leaf.issuer)}”, which is none of the authorities the client holds (by signature, whatever its name)`;
    return { kind: 'untrusted', why: 'unknown-authority', detail };
  }
  for (const certificate of path) {
    const wrong = judgeDates(certificate, expected.at, certificate === leaf);
    if (wrong !== undefined) return wrong;
  }
  return judgeName(leaf, expected.names);
}

/** From the leaf to an anchor, each signed by the next with its key; names alone prove nothing. */
function findPath(leaf: Certificate, rest: readonly Certificate[], anchors: readonly Certificate[]): readonly Certificate[] | undefined {
  const path = [leaf];
  for (let current = leaf; path.length <= 10; ) {
    if (anchors.some((anchor) => anchor.sha256 === current.sha256)) return path;
    const anchor = anchors.find((one) => signed(one, current));
    if (anchor !== undefined) return [...path, anchor];
    const next = rest.find((one) => one.isAuthority && !path.includes(one) && signed(one, current));
    if (next === undefined) return undefined;
    path.push(next);
    current = next;
  }
  return undefined;
}

function signed(issuer: Certificate, certificate: Certificate): boolean {
  return issuer.subject === certificate.issuer && isSignedBy(certificate, issuer);
}

function judgeDates(certificate: Certificate, at: number, isLeaf: boolean): Trust | undefined {
  const who = isLeaf ? 'it' : `the authority “${nameOf(certificate.subject)}”`;
  const { notBefore: begin, notAfter: end } = certificate;
  if (at > end) return { kind: 'untrusted', why: 'expired', detail: `${who} expired at ${new Date(end).toISOString()}` };
  if (at < begin) return { kind: 'untrusted', why: 'not-yet-valid', detail: `${who} is valid only from ${new Date(begin).toISOString()}` };
  return undefined;
}

function judgeName(leaf: Certificate, names: readonly string[]): Trust {
  const opened = toOpenSsl(leaf);
  if (opened === undefined) return { kind: 'not-judged', why: 'OpenSSL does not take what the server sent as its certificate' };
  if (names.some((name) => matches(opened, name))) return { kind: 'trusted' };
  const all = [...leaf.names, ...leaf.addresses];
  const detail = `it is for ${all.slice(0, 12).join(', ') || 'no name at all'}${all.length > 12 ? ' …' : ''}, not for ${names.join(' or ')}`;
  return { kind: 'untrusted', why: 'wrong-name', detail };
}

/** As Go's clients do: only the alternative names count, and a wildcard stands for one whole label. */
function matches(leaf: X509Certificate, name: string): boolean {
  const bare = name.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isIP(bare) !== 0) return leaf.checkIP(bare) !== undefined;
  return leaf.checkHost(bare, { subject: 'never', partialWildcards: false }) !== undefined;
}

function nameOf(distinguished: string): string {
  return cleanLine(distinguished, 120);
}
