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
  /** Milliseconds since 1970, by our clock and by the server's where it told one: a date is wrong where it is by each of them. */
  readonly moments: readonly number[];
}

/**
 * The authority comes first: what a certificate says about dates and names means nothing until somebody we trust has
 * signed it.
 */
export function judgeTrust(leaf: Certificate, rest: readonly Certificate[], expected: Expectation): Trust {
  if (expected.anchors.length === 0) return { kind: 'not-judged', why: 'no certificate authority is known to check it with' };
  const paths = pathsFrom(leaf, rest, expected.anchors);
  const [first] = paths;
  if (first === undefined) {
    const detail = `signed by “${nameOf(leaf.issuer)}”, which is none of the authorities the client holds (by signature, whatever its name)`;
    return { kind: 'untrusted', why: 'unknown-authority', detail };
  }
  // As Go and OpenSSL do: one good way is enough, such as by the new one of two authorities with the same key.
  const isGood = paths.some((path) => wrongDateOn(path, expected.moments) === undefined);
  const wrong = isGood ? undefined : wrongDateOn(first, expected.moments);
  return wrong ?? judgeName(leaf, expected.names);
}

/** Certificates on a way, and ways, beyond which nobody looks: a chain of strangers may be made to have thousands. */
const [longestPath, mostPaths, mostSteps] = [10, 8, 200] as const;

/** Ways from the leaf to an anchor, each signed by the next with its key; names alone prove nothing. */
function pathsFrom(leaf: Certificate, rest: readonly Certificate[], anchors: readonly Certificate[]): readonly (readonly Certificate[])[] {
  const found: (readonly Certificate[])[] = [];
  let steps = 0;
  const walk = (path: readonly Certificate[], current: Certificate): void => {
    if (found.length >= mostPaths || steps++ >= mostSteps || path.length > longestPath) return;
    if (anchors.some((anchor) => anchor.sha256 === current.sha256)) found.push(path);
    else for (const anchor of anchors) if (found.length < mostPaths && signed(anchor, current)) found.push([...path, anchor]);
    for (const next of rest) if (next.isAuthority && !path.includes(next) && signed(next, current)) walk([...path, next], next);
  };
  walk([leaf], leaf);
  return found;
}

function wrongDateOn(path: readonly Certificate[], moments: readonly number[]): Trust | undefined {
  const [leaf] = path;
  for (const certificate of path) {
    const wrong = judgeDates(certificate, moments, certificate === leaf);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function signed(issuer: Certificate, certificate: Certificate): boolean {
  return issuer.subject === certificate.issuer && isSignedBy(certificate, issuer);
}

function judgeDates(certificate: Certificate, moments: readonly number[], isLeaf: boolean): Trust | undefined {
  const who = isLeaf ? 'it' : `the authority “${nameOf(certificate.subject)}”`;
  const { notBefore: begin, notAfter: end } = certificate;
  if (moments.every((at) => at > end))
    return { kind: 'untrusted', why: 'expired', detail: `${who} expired at ${new Date(end).toISOString()}` };
  if (moments.every((at) => at < begin))
    return { kind: 'untrusted', why: 'not-yet-valid', detail: `${who} is valid only from ${new Date(begin).toISOString()}` };
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
