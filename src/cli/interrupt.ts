// What happens on Ctrl-C?
import { exitCodes } from './exit-codes.ts';

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Gives the signals back to whoever had them. */
  readonly release: () => void;
}

const signals = ['SIGINT', 'SIGTERM'] as const;

/** The first signal asks the run to end with what it knows, the second ends the process at once. */
export function listenForInterrupt(notice: (line: string) => void): Interrupt {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort();
    notice('Stopping; what is known so far follows. Ctrl-C again ends at once.');
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    release: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
