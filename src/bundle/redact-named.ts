// Which values are secret because of the name they stand under?
import type { Span } from './redact.ts';

/** Ends of names whose value is secret, in configuration, flags, headers and logs. */
const names = [
  'pass(?:word|wd|phrase)',
  'auth[_-]?pass',
  'secret',
  'token',
  '(?:api|access|private|encryption|secret|certificate)[_-]?key(?:[_-]?id)?',
  'client-key-data',
  'credentials?',
  '(?:proxy-)?authorization',
  '(?:set-)?cookie',
].join('|');

/** A quote inside JSON inside a JSON string is preceded by backslashes, more of them the deeper it lies. */
const quote = String.raw`(?:\\{0,15}["'])`;
const separator = String.raw`${quote}?[ \t]{0,8}[=:][ \t]{0,8}`;
/** A flag and its value as two words, or as two items of a list. */
const flagEnd = String.raw`(?:${quote}[ \t]{0,4},[ \t\n]{0,40}|[ \t]{1,4})`;

const assigned = new RegExp(`(?:${names})(${separator})`, 'gi');
const flagged = new RegExp(`--[a-z0-9-]{0,60}?(?:${names})${flagEnd}`, 'gi');
const spoken = /\b(?:stats[ \t]{1,8}auth[ \t]{1,8}[^\s:]{1,128}:|auth_pass[ \t]{1,8})/g;

const secretName = /pass(?:word|wd|phrase)?$|passw|secret|token|credential|(?:api|access|private|encryption|signing)_?-?key/i;
const harmlessName = /(?:file|path|name|dir|url|seconds|ttl)$/i;
const nameThenValue = new RegExp(
  String.raw`name${quote}?[ \t]{0,4}:[ \t]{0,4}${quote}?([\w.-]{1,128})${quote}?[ \t]{0,4}(?:,|\n|\\+n)[ \t\n]{0,80}${quote}?value${quote}?[ \t]{0,4}:[ \t]{0,4}`,
  'g',
);
const valueThenName = new RegExp(
  String.raw`value${quote}[ \t]{0,4}:[ \t]{0,4}${quote}([^"'\\]{1,4096})${quote}[ \t]{0,4},[ \t\n]{0,80}${quote}name${quote}[ \t]{0,4}:[ \t]{0,4}${quote}([\w.-]{1,128})${quote}`,
  'dg',
);

export function* findNamedValues(text: string): Generator<Span> {
  for (const match of text.matchAll(assigned)) {
    const end = match.index + match[0].length;
    const value = valueAt(text, end);
    if (value && isSecret(text, match.index, match[1] ?? '', value)) yield value;
  }
  for (const pattern of [flagged, spoken]) {
    for (const match of text.matchAll(pattern)) {
      const value = valueAt(text, match.index + match[0].length);
      const word = value && text.slice(value.from, value.to);
      // Directives such as auth_pass take nothing but a secret, and four digits are a usual one.
      if (value && word && (worthHiding(word) || (pattern === spoken && /^\d+$/.test(word)))) yield value;
    }
  }
  for (const match of text.matchAll(nameThenValue)) {
    const value = isSecretName(match[1] ?? '') ? valueAt(text, match.index + match[0].length) : undefined;
    if (value && worthHiding(text.slice(value.from, value.to))) yield value;
  }
  for (const match of text.matchAll(valueThenName)) {
    const place = match.indices?.[1];
    if (place && isSecretName(match[2] ?? '') && worthHiding(match[1] ?? '')) yield { from: place[0], to: place[1] };
  }
}

function isSecretName(name: string): boolean {
  return secretName.test(name) && !harmlessName.test(name);
}

interface Value extends Span {
  readonly quoted: boolean;
}

/** The value that begins at `start`: up to the same quote, escaped as deeply, or up to what ends a bare word. */
function valueAt(text: string, start: number): Value | undefined {
  const longest = 65_536;
  const opening = /^(\\{0,15})(["'])/.exec(text.slice(start, start + 16));
  if (opening) {
    const from = start + opening[0].length;
    const depth = opening[1]?.length ?? 0;
    for (let to = text.indexOf(opening[2] ?? '"', from); to >= 0 && to - from < longest; to = text.indexOf(opening[2] ?? '"', to + 1)) {
      let escapes = 0;
      while (text[to - 1 - escapes] === '\\') escapes++;
      if (escapes <= depth) return to - escapes > from ? { from, to: to - escapes, quoted: true } : undefined;
    }
    return { from, to: Math.min(text.length, from + longest), quoted: true };
  }
  const word = /^[^\s"'\\,;&{}[\]()<>]{1,8192}/.exec(text.slice(start, start + 8192))?.[0] ?? '';
  return word === '' ? undefined : { from: start, to: start + word.length, quoted: false };
}

function isSecret(text: string, name: number, between: string, { from, to, quoted }: Value): boolean {
  const value = text.slice(from, to);
  if (!worthHiding(value)) return false;
  if (quoted || between.includes('=') || /[0-9]/.test(value)) return true;
  // `error getting token: connection refused` is prose; `token: x` at the beginning of a line is configuration.
  return /(?:^|\n|\\n)[ \t]*(?:- )?[\w.-]*$/.test(text.slice(Math.max(0, name - 120), name));
}

/** References, switches, paths and what is already hidden tell no secret. */
function worthHiding(value: string): boolean {
  return !/^(?:true|false|null|none|nil|\d{1,4}|[/~.$%|>].*|redacted:.*|--.*)$/i.test(value);
}
