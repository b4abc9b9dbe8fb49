// What of a stranger's text is harmless enough to be kept?

/** Colours and cursor movements; a longer sequence only loses its control characters, so that no text can hide in it. */
const escapes = /\u001b\[[0-9;?]*[A-Za-z]/g;
const controls = /\p{Cc}/gu;
const controlsButLines = /(?![\n\t])\p{Cc}/gu;
/** Characters that turn the direction of writing and so can make one text look like another. */
const direction = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Nothing of what is taken out below; most texts are like that, and one look is cheaper than four. */
const plain = /^[ -~]*$/;

/** One line without terminal escapes, at most `limit` characters. */
export function cleanLine(text: string, limit = 1000): string {
  if (plain.test(text)) return shorten(text, limit);
  return shorten(
    text
      .replace(escapes, '')
      .replace(/[\r\n\t]+/g, ' ')
      .replace(controls, '')
      .replace(direction, ''),
    limit,
  );
}

/** The same for a text of several lines. */
export function cleanLines(text: string, limit = 65536): string {
  return shorten(text.replace(escapes, '').replace(controlsButLines, '').replace(direction, ''), limit);
}

function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}
