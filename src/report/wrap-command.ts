// How can a long shell command stand on several lines and still be pasted as it is?
import { columnsOf, wrapProse } from './wrap.ts';

/**
 * Lines break after an operator, or else at a blank outside quotes with a backslash; a comment moves below. Whoever
 * copies them all runs what was given. A command with backslashes of its own is left as it is.
 */
export function wrapCommand(command: string, width: number): readonly string[] {
  if (columnsOf(command) <= width) return [command];
  const [bare, comment] = splitComment(command);
  const parts = bare.includes('\\')
    ? [bare]
    : packParts(afterOperators(shellWords(bare)), width).flatMap((line) => breakAtBlanks(line, width));
  const lines = parts.map((line, index) => (index === 0 ? line : `  ${line}`));
  const last = lines.at(-1) ?? '';
  if (comment === '') return lines;
  if (columnsOf(last) + 3 + columnsOf(comment) <= width) return [...lines.slice(0, -1), `${last}   ${comment}`];
  return [...lines, ...wrapProse(comment.slice(1).trim(), width - 4).map((text) => `  # ${text}`)];
}

/** The command and the comment behind it, `#` included. */
function splitComment(command: string): readonly [string, string] {
  const words = shellWords(command);
  const start = words.findIndex((word) => word.trimStart().startsWith('#'));
  if (start < 0) return [command, ''];
  return [words.slice(0, start).join(''), words.slice(start).join('').trim()];
}

const endsInOperator = /(\||&&|;)$/;

/** Words joined up to and with the next operator. */
function afterOperators(words: readonly string[]): readonly string[] {
  const parts: string[] = [];
  let open = false;
  for (const word of words) {
    if (open) parts[parts.length - 1] += word;
    else parts.push(word.trimStart());
    open = !endsInOperator.test(word);
  }
  return parts;
}

function packParts(parts: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const current = lines.at(-1);
    if (current !== undefined && columnsOf(current) + 1 + columnsOf(part) <= width - 2) lines[lines.length - 1] = `${current} ${part}`;
    else lines.push(part);
  }
  return lines;
}

/** A flag keeps its value beside it where a line has room for both. */
function breakAtBlanks(line: string, width: number): readonly string[] {
  const lines: string[] = [];
  const add = (piece: string): void => {
    const current = lines.at(-1);
    if (current === undefined) lines.push(piece);
    else if (columnsOf(current) + columnsOf(piece) <= width - 4) lines[lines.length - 1] = current + piece;
    else {
      lines[lines.length - 1] = `${current} \\`;
      lines.push(piece.trimStart());
    }
  };
  for (const words of withValues(shellWords(line))) {
    if (columnsOf(words.join('')) <= width - 6) add(words.join(''));
    else for (const word of words) add(word);
  }
  return lines;
}

/** Words in groups: a flag with what follows it up to the next flag. */
function withValues(words: readonly string[]): readonly (readonly string[])[] {
  const groups: string[][] = [];
  for (const word of words) {
    if (groups.length === 0 || word.trimStart().startsWith('-')) groups.push([word]);
    else groups.at(-1)?.push(word);
  }
  return groups;
}

/** Words as a shell would split them, each with the blanks before it; quotes and `$(...)` hold a word together. */
function shellWords(command: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  let depth = 0;
  for (const character of command) {
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === "'" || character === '"') quote = character;
    else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    if (character === ' ' && quote === '' && depth <= 0 && word.trim() !== '') {
      words.push(word);
      word = '';
    }
    word += character;
  }
  return word === '' ? words : [...words, word];
}
