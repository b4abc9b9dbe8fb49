// Whose mistake is an error, and what is said about it?
import { neutralise } from '../report/neutralise.ts';
import { exitCodes } from './exit-codes.ts';

interface Described {
  readonly text: string;
  readonly exitCode: number;
}

/**
 * A user's mistake gets one sentence, anything else is a bug of ours. Classes are told by name, since the parts of
 * the built package each carry their own copy of them.
 */
export function describeError(error: unknown, version: string): Described {
  if (error instanceof Error && isUsage(error)) {
    return { text: `Error: ${harmless(firstParagraph(error.message))}\n`, exitCode: exitCodes.usage };
  }
  const lines = [`This is a bug in ${version}: ${messageOf(error)}`, ...causes(error).map((cause) => `  because: ${messageOf(cause)}`)];
  const platform = `node ${process.version}, ${process.platform} ${process.arch}`;
  lines.push(`Please report it, with the lines above and the command you ran (${platform}).`);
  if (process.env['HA_DOCTOR_DEBUG'] && error instanceof Error) lines.push(error.stack ?? '');
  else lines.push('HA_DOCTOR_DEBUG=1 in the environment shows where it happened.');
  return { text: `${harmless(lines.join('\n'))}\n`, exitCode: exitCodes.bug };
}

/** Names out of files and clusters may be meant to command a terminal; the lines stay lines. */
function harmless(text: string): string {
  return text.split('\n').map(neutralise).join('\n');
}

/** Ours, or the argument parser's and command lookup's. */
function isUsage(error: Error): boolean {
  return error.name === 'UsageError' || 'parse' in error || 'oclif' in error;
}

/** The parser adds the whole help to some of its messages. */
function firstParagraph(message: string): string {
  return message.replace(/\n?See more help with --help$/, '').trim();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

function causes(error: unknown): readonly unknown[] {
  const found: unknown[] = [];
  for (let cause = causeOf(error); cause !== undefined && found.length < 5; cause = causeOf(cause)) found.push(cause);
  return found;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
