// Which parts of what was seen are secrets, and what stands in their place?
import { createHmac, randomBytes } from 'node:crypto';
import { findNamedValues } from './redact-named.ts';

/** A stretch of the text that must not be kept. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Longest private key in PEM that is looked for, in characters; 16384-bit RSA with doubled escapes needs 14 000. */
const longestKey = 40_000;

/**
 * Replaces secrets by `redacted:` and twelve hex digits that depend on the secret and on `key` (random, one per run),
 * so that two equal secrets can still be told to be equal, and nothing else. Certificates, ids, names and addresses
 * stay. Works on plain text, YAML, and JSON that stands in JSON strings, and keeps JSON well-formed. Pure; linear in
 * the length of the text.
 */
export function redact(text: string, key: Uint8Array): string {
  const spans = [
    ...findPrivateKeys(text),
    ...findEncodedKeys(text),
    ...findTokens(text),
    ...findAuthorizations(text),
    ...findUrlPasswords(text),
    ...findNamedValues(text),
  ].sort((one, other) => one.from - other.from || other.to - one.to);
  const parts: string[] = [];
  let done = 0;
  for (const { from, to } of spans) {
    if (to <= done || isHidden(text, from, to)) continue;
    const start = Math.max(from, done);
    parts.push(text.slice(done, start), substitute(text.slice(start, to), key));
    done = to;
  }
  return done === 0 ? text : parts.join('') + text.slice(done);
}

/** A redactor for one run, with a key that is kept nowhere. */
export function createRedactor(): (text: string) => string {
  const key = randomBytes(32);
  return (text) => redact(text, key);
}

/** Whether the stretch is what stands in for a secret already. */
function isHidden(text: string, from: number, to: number): boolean {
  return /^redacted:[0-9a-f]{12}$/.test(text.slice(text.startsWith('redacted:', from) ? from : Math.max(0, from - 9), to));
}

function substitute(secret: string, key: Uint8Array): string {
  // The same key may stand with real line ends in one place and with escaped ones in another.
  const bare = secret.includes('PRIVATE KEY') ? secret.replace(/\\+[nr]|\s/g, '') : secret;
  return `redacted:${createHmac('sha256', key).update(bare).digest('hex').slice(0, 12)}`;
}

function* matches(text: string, trigger: string, pattern: RegExp): Generator<RegExpMatchArray & { readonly index: number }> {
  if (!text.includes(trigger)) return;
  for (const match of text.matchAll(pattern)) yield match as RegExpMatchArray & { readonly index: number };
}

/** The place of one group of a match whose pattern carries the flag `d`. */
function groupOf(match: RegExpMatchArray, group: number): Span[] {
  const place = match.indices?.[group];
  return place ? [{ from: place[0], to: place[1] }] : [];
}

function* findPrivateKeys(text: string): Generator<Span> {
  if (!text.includes('PRIVATE KEY-----')) return;
  const marks = [...text.matchAll(/-----(BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY-----/g)];
  const cut = /(?:[A-Za-z0-9+/=\s:,-]|\\+[nr])*/y;
  let done = 0;
  for (const [index, mark] of marks.entries()) {
    if (mark[1] !== 'BEGIN' || mark.index < done) continue;
    const next = marks[index + 1];
    const whole = next?.[1] === 'END' && next.index - mark.index < longestKey ? next.index + next[0].length : undefined;
    // A key that was cut off is still most of a key.
    cut.lastIndex = mark.index + mark[0].length;
    done = whole ?? cut.lastIndex + (cut.exec(text)?.[0].length ?? 0);
    yield { from: mark.index, to: done };
  }
}

/** `PRIVATE KEY` in base64, at each of its three alignments. */
const encodedKey = /UFJJVkFURSBLRV|BSSVZBVEUgS0VZ|QUklWQVRFIEtFW/;

/** Base64 of a text with a private key in it, as in `client-key-data` or a Secret's `tls.key`. */
function* findEncodedKeys(text: string): Generator<Span> {
  if (!encodedKey.test(text)) return;
  for (const match of text.matchAll(/[A-Za-z0-9+/]{64,}={0,2}/g)) {
    if (encodedKey.test(match[0])) yield { from: match.index, to: match.index + match[0].length };
  }
}

function* findTokens(text: string): Generator<Span> {
  const jwt = /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,16000}\.[A-Za-z0-9_-]{10,32000}\.[A-Za-z0-9_-]{10,8000}/g;
  for (const match of matches(text, 'eyJ', jwt)) yield { from: match.index, to: match.index + match[0].length };
  // The same, once more in base64.
  for (const match of matches(text, 'ZXlKaGJHY2lPaU', /(?<![A-Za-z0-9+/])ZXlKaGJHY2lPaU[A-Za-z0-9+/]{20,}={0,2}/g)) {
    yield { from: match.index, to: match.index + match[0].length };
  }
  // kubeadm's bootstrap tokens. A host name may look alike, but none ends in sixteen characters with a digit among them.
  for (const match of matches(text, '.', /(?<![A-Za-z0-9_./@-])[a-z0-9]{6}\.(?=[a-z]*[0-9])[a-z0-9]{16}(?![A-Za-z0-9_./@-])/g)) {
    yield { from: match.index, to: match.index + match[0].length };
  }
}

function* findAuthorizations(text: string): Generator<Span> {
  for (const match of text.matchAll(/\b(?:bearer|basic)[ \t]{1,4}([A-Za-z0-9._~+/=-]{8,16000})/dgi)) {
    // Prose such as "basic authentication" is no credential.
    if (/[0-9=]/.test(match[1] ?? '')) yield* groupOf(match, 1);
  }
}

function* findUrlPasswords(text: string): Generator<Span> {
  // Not `host:443/image@sha256:…`, where the colon introduces a port.
  const url = /:\/\/[^\s/:@"'\\<>]{0,256}:(?!\d{1,5}[/@])([^\s@"'\\<>]{1,256})@/dg;
  for (const match of matches(text, '://', url)) yield* groupOf(match, 1);
  for (const match of text.matchAll(/(?<![\w.-])[\w.-]{1,64}:([^\s@:"'\\]{1,256})@(?=(?:tcp|unix)\()/dg)) yield* groupOf(match, 1);
}
