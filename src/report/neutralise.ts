// How does text from a sick cluster reach a terminal without being able to command it?

const whitespace = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
/** Controls (C0, DEL, C1), direction overrides, invisible marks and tags, and halves of surrogate pairs. */
const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/** Line breaks become blanks, everything else that is not printable becomes visible, such as `\x1b`. */
export function neutralise(text: string): string {
  return text.replace(whitespace, ' ').replace(unsafe, visible);
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

const inAscii: Readonly<Record<string, string>> = {
  '…': '...',
  '–': '-',
  '—': '-',
  '−': '-',
  '·': ';',
  '→': '->',
  '←': '<-',
  '⇒': '=>',
  '≥': '>=',
  '≤': '<=',
  '≠': '!=',
  '≈': '~',
  '±': '+/-',
  '×': 'x',
  µ: 'u',
  '°': ' deg',
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '✓': '+',
  '✗': 'x',
  '\u00a0': ' ',
};

/** The same text for a terminal that knows ASCII only; what has no likeness there becomes a question mark. */
export function toAscii(text: string): string {
  return text.replace(/[^\u0000-\u007f]/gu, (character) => inAscii[character] ?? '?');
}
