// Where may a line be broken, so that prose stays readable and a command can still be copied?

/** Characters that take two columns: CJK, Hangul, fullwidth forms, emoji. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const mark = /\p{Mark}/u;
/** Nothing of either: most texts are like that. */
const plain = /^[ -~]*$/;

/** Columns a text takes on a terminal. */
export function columnsOf(text: string): number {
  if (plain.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += mark.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return columns;
}

export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columnsOf(text)));
}

/** Prose at blanks; a word longer than the line is cut, since it may be anything a server said. */
export function wrapProse(text: string, width: number): readonly string[] {
  return wrapWords(
    text.split(' ').flatMap((long) => cut(long, width)),
    width,
  );
}

/** The same with whole words only: what somebody is to copy may leave the line, but is never cut. */
export function wrapWhole(text: string, width: number): readonly string[] {
  return wrapWords(text.split(' '), width);
}

function wrapWords(words: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of words) {
    const current = lines.at(-1);
    if (current !== undefined && columnsOf(current) + 1 + columnsOf(word) <= width) lines[lines.length - 1] = `${current} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Whole items, with their separator kept at the end of a line that goes on; only an item wider than a line is broken. */
export function wrapItems(items: readonly string[], separator: string, width: number): readonly string[] {
  const tail = separator.trimEnd();
  const lines: string[] = [];
  for (const [index, item] of items.entries()) {
    const room = index < items.length - 1 ? columnsOf(tail) : 0;
    const current = lines.at(-1);
    if (current !== undefined && columnsOf(current) + columnsOf(separator) + columnsOf(item) + room <= width) {
      lines[lines.length - 1] = current + separator + item;
      continue;
    }
    if (current !== undefined) lines[lines.length - 1] = current + tail;
    lines.push(...wrapProse(item, width - room));
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
