// Which connection that is already open can carry the next request of the same client to the same server?
import type net from 'node:net';
import { abandon } from './dial.ts';
import { untilStopped } from './limit.ts';

export interface Open {
  readonly kind: 'open';
  readonly socket: net.Socket;
  readonly address: string;
  readonly chain: readonly string[];
}

/**
 * Milliseconds a request waits for a connection that others are opening or using before it opens its own. A handshake costs
 * both sides several milliseconds of work, an exchange less than one; a server that hangs must not be waited for twice. Of
 * those that wait for one that goes on answering only one at a time does so: a far one is worth more connections, a busy one not.
 */
const patience = 100;
/** Connections that are opened without waiting: one that hangs holds up nobody, and a handshake more costs little. */
const atOnce = 2;

interface Line {
  /** Being opened or carrying an exchange. */
  busy: number;
  readonly idle: Set<Open>;
  /** Steps forward so far: the beginning of an answer, its end. */
  moves: number;
  /** When the next of those that wait may open a connection though answers keep coming; performance.now(). */
  nextMore: number;
  readonly waiting: Set<(open: Open | undefined) => void>;
}

/** One line of idle connections and waiting requests for each server and identity. */
export class Connections {
  readonly #lines = new Map<string, Line>();
  readonly #sockets = new Set<net.Socket>();

  /**
   * An open connection, or undefined when the caller has to open one. Either way the caller ends with `give` or `drop`.
   * @throws Stopped when the signal fires first.
   */
  async take(key: string, signal: AbortSignal): Promise<Open | undefined> {
    const line = this.#line(key);
    const [idle] = line.idle;
    const open = idle !== undefined || line.busy < atOnce ? idle : await this.#turn(line, signal);
    if (open !== undefined) line.idle.delete(open);
    line.busy++;
    return open;
  }

  /** Counts a connection that the caller opens without having waited. */
  join(key: string): void {
    this.#line(key).busy++;
  }

  /** Says that a server has made a step: it is at work, and so worth waiting for. */
  move(key: string): void {
    this.#line(key).moves++;
  }

  /** Hands over a connection whose last answer is complete. */
  give(key: string, open: Open): void {
    const line = this.#line(key);
    line.busy--;
    line.moves++;
    this.#watch(line, open);
    const [next] = line.waiting;
    if (next === undefined) line.idle.add(open);
    else next(open);
  }

  /** Says that a connection did not come about or cannot be used again: nobody waits for it any longer. */
  drop(key: string): void {
    const line = this.#line(key);
    line.busy--;
    for (const wake of line.waiting) wake(undefined);
  }

  close(): void {
    for (const socket of this.#sockets) abandon(socket);
    this.#lines.clear();
  }

  async #turn(line: Line, signal: AbortSignal): Promise<Open | undefined> {
    let wake: (open: Open | undefined) => void = () => {};
    const turn = new Promise<Open | undefined>((resolve) => {
      wake = (open) => {
        line.waiting.delete(wake);
        resolve(open);
      };
      line.waiting.add(wake);
    });
    const stopWatching = this.#whenStuck(line, () => wake(undefined));
    try {
      return await untilStopped(turn, signal);
    } finally {
      stopWatching();
      line.waiting.delete(wake);
    }
  }

  /** Calls back once patience is at its end, and nothing has moved meanwhile or it is this one's turn; returns how to stop watching. */
  #whenStuck(line: Line, callBack: () => void): () => void {
    let seen = line.moves;
    let timer: NodeJS.Timeout | undefined;
    const check = (): void => {
      const now = performance.now();
      const isNext = now >= line.nextMore;
      if (isNext) line.nextMore = now + patience;
      if (isNext || line.moves === seen) return void callBack();
      seen = line.moves;
      watch();
    };
    // What already lies in the kernel is read first: this process may have been busy itself.
    const watch = (): void => {
      timer = setTimeout(() => setImmediate(() => timer !== undefined && check()), patience);
    };
    watch();
    return () => {
      clearTimeout(timer);
      timer = undefined;
    };
  }

  /** A server may end a connection while nobody uses it. */
  #watch(line: Line, { socket }: Open): void {
    if (this.#sockets.has(socket)) return;
    this.#sockets.add(socket);
    const forget = (): void => {
      this.#sockets.delete(socket);
      for (const open of line.idle) if (open.socket === socket) line.idle.delete(open);
    };
    socket.on('error', forget).once('close', forget);
  }

  #line(key: string): Line {
    const line = this.#lines.get(key) ?? { busy: 0, moves: 0, nextMore: 0, idle: new Set(), waiting: new Set() };
    this.#lines.set(key, line);
    return line;
  }
}
