// Which requests did an API server's priority levels turn away or keep waiting?
import type { PriorityLevel } from '../../model/api-metrics.ts';
import { type Sentence, say } from '../../model/sentence.ts';
import type { Subject } from '../../model/subject.ts';
import { type ApiWindow, openEnd } from './api-window.ts';
import { between, describeQuantile, type Quantile, quantileOf } from './histogram.ts';

/** What one priority level did to its requests between two looks. */
export interface HeldBack {
  readonly level: string;
  readonly node: string;
  readonly rejected: number;
  readonly words: Sentence;
}

/** Levels that rejected, or whose slowest 1 % waited longer than `limit` seconds. @throws MissingEvidence where the counters do not speak of levels. */
export function heldBack({ first, last, seconds }: ApiWindow, subject: Subject, limit: number): readonly HeldBack[] {
  if (last.levels === undefined || first.levels === undefined) throw openEnd(subject, 'the counters hold no priority levels');
  return last.levels.flatMap((level) => {
    const before = first.levels?.find((one) => one.name === level.name);
    const rejections = rejectedBetween(before, level);
    const rejected = rejections.reduce((sum, [, count]) => sum + count, 0);
    const waited = before?.waited === undefined ? level.waited : between(before.waited, level.waited);
    const wait = waited && quantileOf(waited, 0.99);
    if (rejected === 0 && (wait === undefined || wait.about <= limit)) return [];
    return [{ level: level.name, node: subject.name, rejected, words: wordsFor(level, rejections, wait, seconds) }];
  });
}

function rejectedBetween(before: PriorityLevel | undefined, now: PriorityLevel): readonly (readonly [string, number])[] {
  return Object.entries(now.rejected)
    .map(([reason, count]) => [reason, count - (before?.rejected[reason] ?? 0)] as const)
    .filter(([, count]) => count > 0);
}

function wordsFor(level: PriorityLevel, rejections: readonly (readonly [string, number])[], wait: Quantile | undefined, seconds: number) {
  const seats = level.seats ?? '?';
  if (rejections.length === 0)
    return say('the slowest 1 % waited {wait} for one of {seats} seats', {
      wait: wait === undefined ? '?' : describeQuantile(wait),
      seats,
    });
  const why = rejections.map(([reason, count]) => `${count} ${reason}`).join(', ');
  return say('turned away within {seconds} s: {why}; it has {seats} seats', { seconds, why, seats });
}
