// Which of several ways answers first, when each is given a head start over the next?
import { anyOf } from './stop-signal.ts';
import { OwnLimit } from './failure.ts';

/** What one way came to. `usable` ends the race; anything else lets the next one start at once. */
export interface Lap<Result> {
  readonly usable: boolean;
  readonly result: Result;
}

export interface Course<Way, Result> {
  /** Looked up again whenever a way may start, because ways can be added while the race is on. */
  readonly ways: () => readonly Way[];
  readonly run: (way: Way, signal: AbortSignal) => Promise<Lap<Result>>;
  /** Milliseconds between two starts while nobody has come to anything, given those that came to nothing so far. */
  readonly headStart: (losers: readonly Result[]) => number;
  /** Milliseconds from the beginning within which a race that ran out of ways waits for new ones, given what came so far. */
  readonly patience: (losers: readonly Result[]) => number;
  readonly signal: AbortSignal;
  /** How often a way has answered anybody so far: one that is merely busy gets a second head start. */
  readonly answersOf?: (way: Way) => number;
  /** Takes a usable result that came too late, so that what it holds can be let go. */
  readonly discard?: (result: Result) => void;
}

export type Finish<Result> = { readonly winner: Result } | { readonly losers: readonly Result[] };

/**
 * Runs until a lap is usable or no way is left. Rejects with whatever `run` rejects with; the others are then stopped.
 * Only where this machine barred one way do the others go on, and then it is said when none of them was usable: no way
 * may be blamed that was never taken.
 */
export function race<Way, Result>(course: Course<Way, Result>): Promise<Finish<Result>> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const stop = new AbortController();
    const signal = anyOf(course.signal, stop.signal);
    const started = new Set<Way>();
    const losers: Result[] = [];
    let barred: OwnLimit | undefined;
    let running = 0;
    let over = false;
    let timer: NodeJS.Timeout | undefined;
    const end = (finish: () => void): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      finish();
      stop.abort();
    };
    const wait = (milliseconds: number, then: () => void): void => {
      clearTimeout(timer);
      timer = setTimeout(then, milliseconds);
    };
    const startUnlessBusy = (way: Way, answersBefore: number): void => {
      const isBusy = course.answersOf !== undefined && course.answersOf(way) > answersBefore;
      if (isBusy) wait(course.headStart(losers), startNext);
      else startNext();
    };
    const startNext = (): void => {
      if (over) return;
      const way = course.ways().find((candidate) => !started.has(candidate));
      if (way === undefined) {
        rest();
        return;
      }
      started.add(way);
      running++;
      const answersBefore = course.answersOf?.(way) ?? 0;
      course.run(way, signal).then(arrive, fall);
      wait(course.headStart(losers), () => startUnlessBusy(way, answersBefore));
    };
    const arrive = (lap: Lap<Result>): void => {
      running--;
      if (over && lap.usable) course.discard?.(lap.result);
      if (lap.usable) end(() => resolve({ winner: lap.result }));
      else losers.push(lap.result);
      startNext();
    };
    const fall = (error: unknown): void => {
      if (!(error instanceof OwnLimit)) {
        end(() => reject(error));
        return;
      }
      running--;
      barred ??= error;
      startNext();
    };
    const rest = (): void => {
      const patient = performance.now() - began < course.patience(losers) && !course.signal.aborted;
      if (running > 0) wait(course.headStart(losers), startNext);
      else if (patient) wait(20, startNext);
      else end(() => (barred === undefined ? resolve({ losers }) : reject(barred)));
    };
    startNext();
  });
}
