// What ends a wait? Signals that are held for as long as somebody waits for them.
// Node's own AbortSignal.timeout and AbortSignal.any may be collected as garbage before they fire (nodejs/node#57736, seen in
// 20.20): a deadline made of them is none.
import { setMaxListeners } from 'node:events';

/** Aborts after so many milliseconds; it does not keep the process alive. */
export function timeLimit(milliseconds: number): AbortSignal {
  const limit = new AbortController();
  setTimeout(() => limit.abort(), milliseconds).unref();
  return limit.signal;
}

/** Aborts as soon as one of these does. */
export function anyOf(...signals: readonly AbortSignal[]): AbortSignal {
  const first = new AbortController();
  // Hundreds may wait for the end of one run; Node warns of eleven.
  setMaxListeners(0, first.signal, ...signals);
  for (const signal of signals) {
    if (signal.aborted) first.abort();
    else signal.addEventListener('abort', () => first.abort(), { once: true });
  }
  return first.signal;
}
