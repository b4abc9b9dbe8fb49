// What came first, among all that a finding's cause and effects know a time of?
import type { TimelineEntry } from '../model/report.ts';
import { Sentence, say, type Text, type Word } from '../model/sentence.ts';
import { subjectKey } from '../model/subject.ts';
import type { Facts, Fail, Since } from '../model/verdict.ts';
import type { RankedFinding } from './input.ts';

/** Bounds of (the servers' clocks − ours) in milliseconds. */
export interface ClockShift {
  readonly low: number;
  readonly high: number;
}

/** How a rule words its failure in a few words, and who tells since when it has failed. */
export interface Wording {
  readonly folded: string;
  readonly by: Text;
}

/**
 * By the servers' clocks, earliest first; empty where fewer than two things carry a time. A verdict that names no moments
 * counts with the beginning of its state. What two verdicts tell alike stands once.
 */
export function timelineOf(finding: RankedFinding, shift: ClockShift, wordingOf: (rule: string) => Wording): readonly TimelineEntry[] {
  const verdicts = [...finding.verdicts, ...finding.effects.map((effect) => effect.verdict)];
  const entries = verdicts.flatMap((verdict) => entriesOf(verdict, shift, wordingOf(verdict.rule)));
  const byWords = new Map<string, TimelineEntry>();
  for (const entry of entries) {
    const key = `${entry.what} ${entry.by}`;
    const known = byWords.get(key);
    if (known === undefined || entry.at[0] < known.at[0]) byWords.set(key, entry);
  }
  const sorted = [...byWords.values()].sort(
    (one, other) => one.at[0] - other.at[0] || one.at[1] - other.at[1] || (String(one.what) < String(other.what) ? -1 : 1),
  );
  return sorted.length < 2 ? [] : sorted;
}

function entriesOf(verdict: Fail, shift: ClockShift, wording: Wording): readonly TimelineEntry[] {
  const about = { rule: verdict.rule, subject: subjectKey(verdict.subject), name: verdict.subject.name };
  const moments = (verdict.moments ?? []).map(({ at, what, by }) => ({ at: shifted(at, shift), what, by, ...about }));
  if (verdict.since === undefined) return moments;
  const began = { at: shifted(verdict.since, shift), what: named(verdict, wording.folded), by: wording.by, ...about };
  return [...moments, began];
}

function shifted({ earliest, latest }: Since, { low, high }: ClockShift): readonly [number, number] {
  return [Math.round(earliest + low), Math.round(latest + high)];
}

/** The wording a rule has for a list that names its subject beside it; alone it needs the name. */
function named({ subject, facts }: Fail, folded: string): Text {
  const words = new Sentence(folded, wordsOf(facts));
  return subject.kind === 'cluster' || String(words).includes(subject.name) ? words : say('{name}: {words}', { name: subject.name, words });
}

/** Lists of rows stand in no short wording. */
function wordsOf(facts: Facts): Readonly<Record<string, Word>> {
  const words = Object.entries(facts).filter((entry): entry is [string, Word] => !Array.isArray(entry[1]));
  return Object.fromEntries(words);
}
