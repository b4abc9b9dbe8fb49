// How is one wait bounded, so that neither a timer nor a listener outlives it?

/** Thrown inside a source when the caller's signal ended the wait: our impatience, not the patient's silence. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  constructor() {
    super('stopped before the answer was due');
  }
}

interface Wait<T> {
  readonly milliseconds: number;
  readonly signal: AbortSignal;
  /** Begins the work; returns what must be undone once the wait is over, however it ended. */
  readonly begin: (settle: (value: T) => void, fail: (reason: Error) => void) => () => void;
  /** The result when the time is up. */
  readonly late: () => T;
}

/**
 * Waits for one event, at most so many milliseconds.
 * @throws Stopped when the signal fires first, or what the work failed with.
 */
export function waitFor<T>({ milliseconds, signal, begin, late }: Wait<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal.aborted) return reject(new Stopped());
    let over = false;
    let undo: () => void = () => {};
    const end = (finish: () => void): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      undo();
      finish();
    };
    const stop = (): void => end(() => reject(new Stopped()));
    // After a pause of our own the timer is due before the bytes that already lie in the kernel have been read:
    // one more turn of the loop lets them count, so a busy doctor does not call a patient silent.
    const timer = setTimeout(() => setImmediate(() => end(() => resolve(late()))), milliseconds);
    signal.addEventListener('abort', stop, { once: true });
    undo = begin(
      (value) => end(() => resolve(value)),
      (reason) => end(() => reject(reason)),
    );
    if (over) undo();
  });
}

/** The outcome of work that goes on whatever happens here. @throws Stopped when the signal fires before it is there. */
export function untilStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(new Stopped());
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
