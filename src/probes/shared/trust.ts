// Would a client that holds these anchors and knows these names accept this chain at that time?
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Trust } from '../../model/network.ts';
import { certificateTime, splitAlternativeNames } from './certificate.ts';
import { cleanLine } from './text.ts';

export interface Expectation {
  readonly anchors: readonly X509Certificate[];
  /** Names and addresses; one match is enough. */
  readonly names: readonly string[];
  /** Milliseconds since 1970, by the server's clock where it told one. */
  readonly at: number;
}

/**
 * The authority comes first: what a certificate says about dates and names means nothing until somebody we trust has
 * signed it.
 */
export function judgeTrust(leaf: X509Certificate, rest: readonly X509Certificate[], expected: Expectation): Trust {
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
function findPath(
  leaf: X509Certificate,
  rest: readonly X509Certificate[],
  anchors: readonly X509Certificate[],
): readonly X509Certificate[] | undefined {
  const path = [leaf];
  for (let current = leaf; path.length <= 10; ) {
    if (anchors.some((anchor) => anchor.fingerprint256 === current.fingerprint256)) return path;
    const anchor = anchors.find((one) => signed(one, current));
    if (anchor !== undefined) return [...path, anchor];
    const next = rest.find((one) => one.ca && !path.includes(one) && signed(one, current));
    if (next === undefined) return undefined;
    path.push(next);
    current = next;
  }
  return undefined;
}

function signed(issuer: X509Certificate, certificate: X509Certificate): boolean {
  if (issuer.subject !== certificate.issuer) return false;
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    // A key of a kind that cannot have made this signature.
    return false;
  }
}

function judgeDates(certificate: X509Certificate, at: number, isLeaf: boolean): Trust | undefined {
  const who = isLeaf ? 'it' : `the authority “${nameOf(certificate.subject)}”`;
  const begin = certificateTime(certificate.validFrom);
  const end = certificateTime(certificate.validTo);
  if (at > end) return { kind: 'untrusted', why: 'expired', detail: `${who} expired at ${new Date(end).toISOString()}` };
  if (at < begin) return { kind: 'untrusted', why: 'not-yet-valid', detail: `${who} is valid only from ${new Date(begin).toISOString()}` };
  return undefined;
}

function judgeName(leaf: X509Certificate, names: readonly string[]): Trust {
  if (names.some((name) => matches(leaf, name))) return { kind: 'trusted' };
  const listed = splitAlternativeNames(leaf.subjectAltName ?? '');
  const all = [...listed.names, ...listed.addresses];
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
  return cleanLine(distinguished.split('\n').join(', '), 120);
}
