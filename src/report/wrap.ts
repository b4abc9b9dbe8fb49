// Where may a line be broken, so that prose stays readable and a command can still be copied?

/** Characters that take two columns: CJK, Hangul, fullwidth forms, emoji. */
const wide = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const mark = /\p{Mark}/u;

/** Columns a text takes on a terminal. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += mark.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return columns;
}

export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columnsOf(text)));
}

/** Prose at blanks; a word longer than the line is cut, since it may be anything a server said. */
export function wrapProse(text: string, width: number): readonly string[] {
  return wrapPieces(text.split(' ').flatMap((word) => cut(word, width)), ' ', width);
}

/** Whole items, with their separator kept at the end of a line that goes on. */
export function wrapItems(items: readonly string[], separator: string, width: number): readonly string[] {
  const pieces = items.flatMap((item) => (columnsOf(item) > width ? wrapProse(item, width - columnsOf(separator)) : [item]));
  return wrapPieces(pieces, separator, width, separator.trimEnd());
}

function wrapPieces(pieces: readonly string[], separator: string, width: number, tail = ''): readonly string[] {
  const lines: string[] = [];
  for (const [index, piece] of pieces.entries()) {
    const current = lines.at(-1);
    const room = index < pieces.length - 1 ? columnsOf(tail) : 0;
    if (current !== undefined && columnsOf(current) + columnsOf(separator) + columnsOf(piece) + room <= width) {
      lines[lines.length - 1] = current + separator + piece;
    } else {
      if (current !== undefined) lines[lines.length - 1] = current + tail;
      lines.push(piece);
    }
  }
  return lines;
}

function cut(word: string, width: number): readonly string[] {
  if (columnsOf(word) <= width) return [word];
  const pieces: string[] = [''];
  for (const character of word) {
    const last = pieces.length - 1;
    if (columnsOf((pieces[last] ?? '') + character) > width) pieces.push(character);
    else pieces[last] += character;
  }
  return pieces;
}

/** A shell command over several lines that can be pasted as they are: after an operator, or with a backslash. */
export function wrapCommand(command: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of shellWords(command)) {
    const current = lines.at(-1);
    if (current === undefined) lines.push(word);
    else if (columnsOf(current) + 1 + columnsOf(word) <= width - 2) lines[lines.length - 1] = `${current} ${word}`;
    else {
      lines[lines.length - 1] = /(^|[^\\])(\||&&|;)$/.test(current) ? current : `${current} \\`;
      lines.push(`  ${word}`);
    }
  }
  const comment = lines.findIndex((line) => /(^|\s)#/.test(line));
  return comment >= 0 && comment < lines.length - 1 ? [command] : lines;
}

/** Words as a shell would split them; blanks inside quotes and `$(…)` do not part them. */
function shellWords(command: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  let depth = 0;
  for (const character of command) {
    if (quote) quote = character === quote ? '' : quote;
    else if (character === "'" || character === '"') quote = character;
    else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    if (character === ' ' && !quote && depth <= 0) {
      if (word) words.push(word);
      word = '';
    } else word += character;
  }
  return word ? [...words, word] : words;
}
