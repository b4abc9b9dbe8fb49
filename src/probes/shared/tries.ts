// How do recorded tries become tries that can be judged?
import * as z from 'zod';
import type { CertificateSeen, Trust, Try } from '../../model/network.ts';
import type { RawTry } from '../../sources/source.ts';
import { describeCertificate } from './certificate.ts';
import { outcomeOf, parseRaw, rawTry, serverTimeOf } from './raw.ts';
import { cleanLine } from './text.ts';
import { judgeTrust } from './trust.ts';
import { type Certificate, readCertificate } from './x509.ts';

const rawTries = z.object({
  tries: z.array(rawTry).min(1),
  anchors: z.array(z.string()),
  names: z.array(z.string()),
  login: rawTry.exactOptional(),
});

/** What trust is judged with travels in the recording, so that a replay judges the same. */
export function writeTries(tries: readonly RawTry[], anchors: readonly string[], names: readonly string[], login?: RawTry): string {
  const written = { tries, anchors: relevantAnchors(tries, anchors), names: [...new Set(names)] };
  return JSON.stringify({ ...written, ...(login !== undefined && { login }) });
}

/** @throws Error with one sentence. */
export function readTries(raw: string): readonly Try[] {
  return readTriesAndLogin(raw).tries;
}

/** The same with the try that brought a credential, where one was made. @throws Error with one sentence. */
export function readTriesAndLogin(raw: string): { readonly tries: readonly Try[]; readonly login?: Try } {
  const { tries, anchors, names, login } = parseRaw(raw, rawTries);
  const trusted = anchors.flatMap((anchor) => tryToParse(anchor) ?? []);
  const read = (one: RawTry): Try => readTry(one, trusted, names);
  return { tries: tries.map(read), ...(login !== undefined && { login: read(login) }) };
}

/** The authorities that recorded tries were judged by; bytes that are none are left out. */
export function readAnchors(raw: string): { readonly authorities: readonly CertificateSeen[] } {
  return { authorities: describeAnchors(parseRaw(raw, rawTries).anchors) };
}

export function describeAnchors(anchors: readonly string[]): readonly CertificateSeen[] {
  return anchors.flatMap((anchor) => parseOnce(anchor)?.seen ?? []);
}

/** The try that tells most, as bestTry says. @throws Error with one sentence. */
export function readBestTry(raw: string): Try {
  const tries = readTries(raw);
  const best = tries.find((one) => one.outcome.kind === 'answered') ?? tries.findLast((one) => one.connected) ?? tries[tries.length - 1];
  if (best === undefined) throw new Error('the recorded answer holds no try');
  return best;
}

function readTry(one: RawTry, anchors: readonly Certificate[], names: readonly string[]): Try {
  return {
    address: cleanLine(one.address, 300),
    sentAt: one.sentAt,
    receivedAt: one.receivedAt,
    outcome: outcomeOf(one),
    connected: one.connected,
    chain: describeChain(one.chain),
    trust: trustOf(one, anchors, names),
  };
}

/** Trust in what one try was shown, by the authorities and names of the recording. */
export function judgeChain(one: RawTry, anchors: readonly string[], names: readonly string[]): Trust {
  const parsed = anchors.flatMap((anchor) => tryToParse(anchor) ?? []);
  return trustOf(one, parsed, names);
}

function trustOf(one: RawTry, anchors: readonly Certificate[], names: readonly string[]): Trust {
  const [first, ...others] = one.chain;
  if (first === undefined) return { kind: 'not-judged', why: 'no certificate was seen' };
  const leaf = tryToParse(first);
  if (leaf === undefined) return { kind: 'not-judged', why: 'what the server sent as its certificate cannot be parsed' };
  const rest = others.flatMap((der) => tryToParse(der) ?? []);
  return judgeTrust(leaf, rest, { anchors, names: names.map((name) => cleanLine(name, 253)), moments: momentsOf(one) });
}

/** A server whose clock is off must not make its own certificate look bad, nor may ours. */
function momentsOf(one: RawTry): readonly number[] {
  const told = serverTimeOf(one);
  return [one.receivedAt, ...(told === undefined ? [] : [told])];
}

/** Certificates up to the first one that cannot be parsed, so that the first element stays the leaf. */
export function describeChain(chain: readonly string[]): readonly CertificateSeen[] {
  const seen: CertificateSeen[] = [];
  for (const der of chain) {
    const parsed = parseOnce(der);
    if (parsed === undefined) break;
    seen.push(parsed.seen);
  }
  return seen;
}

interface Parsed {
  readonly certificate: Certificate;
  readonly seen: CertificateSeen;
}

/** By DER in base64. A few certificates are met on dozens of connections, and each parse costs a tenth of a millisecond. */
const parsedBefore = new Map<string, Parsed | undefined>();
const mostParsed = 1000;

/** Undefined for bytes that are no certificate, or one whose dates make no sense. */
function parseOnce(der: string): Parsed | undefined {
  if (parsedBefore.has(der)) return parsedBefore.get(der);
  const parsed = parse(der);
  if (parsedBefore.size < mostParsed) parsedBefore.set(der, parsed);
  return parsed;
}

function parse(der: string): Parsed | undefined {
  try {
    const certificate = readCertificate(Buffer.from(der, 'base64'));
    return { certificate, seen: describeCertificate(certificate) };
  } catch {
    return undefined;
  }
}

function tryToParse(der: string): Certificate | undefined {
  return parseOnce(der)?.certificate;
}

/** A system's store has hundreds of authorities: only those that could have signed something here are kept, or one to show that there were any. */
function relevantAnchors(tries: readonly RawTry[], anchors: readonly string[]): readonly string[] {
  if (anchors.length <= 8) return anchors;
  const chain = tries.flatMap((one) => one.chain).flatMap((der) => tryToParse(der) ?? []);
  const wanted = new Set(chain.flatMap((certificate) => [certificate.issuer, certificate.subject]));
  const kept = anchors.filter((der) => wanted.has(tryToParse(der)?.subject ?? ''));
  return kept.length > 0 ? kept : anchors.slice(0, 1);
}
