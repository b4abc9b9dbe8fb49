// How is something that may be silent only for a moment asked three times without waiting three times?
import type { RawTry } from '../../sources/source.ts';
import { anyOf } from '../../sources/stop-signal.ts';

/** Milliseconds after the first try at which another one starts, unless a good answer has come. */
const laterTries: readonly number[] = [300, 600];
/** How long tries that began later are waited for once an earlier one has been answered, in milliseconds. */
const patience = 300;

/** `place` counts the tries from 0, for one that asks later what is answered sooner. */
export type Attempt = (signal: AbortSignal, place: number) => Promise<RawTry>;

/**
 * Every try that ended by itself, in the order they began. Tries that began before an answered one are waited for to
 * their own end, because their silence tells something, unless the answer says itself what keeps them waiting; later
 * ones could only repeat what the answer said. Rejects with what an attempt rejects with.
 */
export function tryInWindow(
  attempt: Attempt,
  isGood: (one: RawTry) => boolean,
  signal: AbortSignal,
  saysWhyOthersWait: (one: RawTry) => boolean = () => false,
): Promise<readonly RawTry[]> {
  const { promise, resolve, reject } = deferred<readonly RawTry[]>();
  const enough = new AbortController();
  const results: (RawTry | undefined)[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let planned = laterTries.length;

  const finish = (): void => {
    for (const timer of timers) clearTimeout(timer);
    resolve(results.filter((one) => one !== undefined));
    enough.abort();
  };
  const weigh = (): void => {
    if (planned > 0) return;
    const lead = results.findIndex((one) => one?.answer !== undefined);
    const isTold = results.some((one) => one !== undefined && saysWhyOthersWait(one));
    if (isTold || results.every((one) => one !== undefined)) finish();
    else if (lead !== -1 && results.slice(0, lead).every((one) => one !== undefined)) timers.add(setTimeout(finish, patience));
  };
  const begin = (): void => {
    const place = results.push(undefined) - 1;
    attempt(anyOf(signal, enough.signal), place).then((one) => {
      results[place] = one;
      if (isGood(one)) planned = cancel(timers);
      weigh();
    }, reject);
  };
  begin();
  for (const after of laterTries) {
    timers.add(
      setTimeout(() => {
        planned -= 1;
        begin();
      }, after),
    );
  }
  return promise.finally(() => cancel(timers));
}

function cancel(timers: Set<NodeJS.Timeout>): 0 {
  for (const timer of timers) clearTimeout(timer);
  timers.clear();
  return 0;
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Whether the server said anything over HTTP; then asking again would tell nothing new. */
export function answered(one: RawTry): boolean {
  return one.answer !== undefined;
}

/**
 * The try that tells most: the first answered one, else the last that got as far as a connection (a process that hangs
 * lets its queue fill up until further ones are dropped), else the last.
 */
export function bestTry(tries: readonly RawTry[]): RawTry | undefined {
  return tries.find(answered) ?? tries.findLast((one) => one.connected) ?? tries[tries.length - 1];
}
