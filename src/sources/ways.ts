// Over which addresses may the Kubernetes API be reached, and which of them has answered lately?
import { joinAddress } from '../model/address.ts';

export interface Way {
  readonly host: string;
  readonly port: number;
  /** `lb/host:port` or `apiserver/host:port`, as subjects are called. */
  readonly subject: string;
}

/** How often the address in the kubeconfig is tried while no other is known: a load balancer may choose better next time. */
const entryTries = 3;

export class Ways {
  readonly #entry: Way;
  readonly #again: readonly Way[];
  readonly #masters: Way[] = [];
  #proven: Way | undefined;
  readonly #dead = new Set<Way>();
  /** Of the dead those that said nothing at all: to wait for them a second time is to wait in vain. */
  readonly #silent = new Set<Way>();

  readonly #answers = new Map<Way, number>();

  constructor(host: string, port: number) {
    this.#entry = { host, port, subject: `lb/${joinAddress(host, port)}` };
    this.#again = Array.from({ length: entryTries - 1 }, () => ({ ...this.#entry }));
  }

  get entry(): Way {
    return this.#entry;
  }

  add(host: string, port: number): void {
    const known = [this.#entry, ...this.#masters].some((way) => way.host === host && way.port === port);
    if (!known) this.#masters.push({ host, port, subject: `apiserver/${joinAddress(host, port)}` });
  }

  /** In the order in which they should be tried: what answered last, then the kubeconfig's address, then masters. */
  ordered(): readonly Way[] {
    const all = [this.#entry, ...this.#masters];
    const rank = (way: Way): number => (way === this.#proven ? 0 : this.#dead.has(way) ? 2 : 1);
    const sorted = all
      .map((way, index) => ({ way, index }))
      .sort((one, other) => rank(one.way) - rank(other.way) || one.index - other.index);
    const again = this.#silent.has(this.#entry) ? [] : this.#again.slice(0, Math.max(0, entryTries - all.length));
    return [...sorted.map(({ way }) => way), ...again];
  }

  /** How often it has answered so far. */
  answersOf(way: Way): number {
    return this.#answers.get(this.#again.includes(way) ? this.#entry : way) ?? 0;
  }

  /** Remembers what came of a way, so that the next request does not wait behind one that is known to be silent. */
  note(way: Way, came: 'answered' | 'nothing' | 'silence'): void {
    const own = this.#again.includes(way) ? this.#entry : way;
    if (came === 'silence') this.#silent.add(own);
    if (came === 'answered') {
      this.#dead.delete(own);
      this.#silent.delete(own);
      this.#answers.set(own, this.answersOf(own) + 1);
      if (this.#proven === undefined || this.#dead.has(this.#proven)) this.#proven = own;
    } else {
      this.#dead.add(own);
      if (this.#proven === own) this.#proven = undefined;
    }
  }
}
