// What can the terminal in front of the user show?

export interface TerminalTraits {
  /** Columns. */
  readonly width: number;
  readonly ascii: boolean;
  readonly colour: boolean;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const usualWidth = 80;
const least = 72;
const most = 120;

/** A file or a pipe gets 80 columns and no colour. */
export function readTraits(stream: Stream, environment: Environment, noColour: boolean): TerminalTraits {
  const terminal = stream.isTTY === true;
  const dumb = environment['TERM'] === 'dumb';
  const columns = terminal && stream.columns ? stream.columns : usualWidth;
  return {
    width: Math.min(most, Math.max(least, columns)),
    ascii: !speaksUtf8(environment),
    colour: terminal && !dumb && !noColour && !environment['NO_COLOR'],
  };
}

/** The locale decides, as for other programs; on Windows the terminal does. */
function speaksUtf8(environment: Environment): boolean {
  if (environment['TERM'] === 'dumb' || environment['TERM'] === 'linux') return false;
  const locale = environment['LC_ALL'] || environment['LC_CTYPE'] || environment['LANG'] || '';
  if (/utf-?8/i.test(locale)) return true;
  return locale === '' && (environment['WT_SESSION'] !== undefined || environment['TERM_PROGRAM'] !== undefined);
}
