// Do causes hit enough of what a wide effect rests on?
import type { Certainty, Edge } from '../model/rule.ts';
import { type KeyName, type Keys, sharesKey } from '../model/subject.ts';
import type { Fail, Support } from '../model/verdict.ts';

type Covers = NonNullable<Edge['covers']>;

/**
 * `yes` when the supports that are surely lost and share a known key with a cause are enough; `unknown` when they could be
 * if everything not known spoke for it, or when the effect does not tell its supports; else `no`.
 */
export function coverageOf(causes: readonly Keys[], effect: Fail, { covers = 'all', match }: Edge): Certainty {
  const supports = effect.supports ?? [];
  if (supports.length === 0 || match === undefined) return causes.length > 0 ? 'unknown' : 'no';
  const lost = supports.filter((support) => support.state === 'lost');
  const bad = supports.filter((support) => support.state !== 'good');
  const hit = lost.filter((support) => causes.some((cause) => sharesKey(cause, support.keys, match)));
  if (isEnough(covers, hit.length, bad.length, supports.length)) return 'yes';
  const within = (some: readonly Support[]): number =>
    some.filter((support) => causes.some((cause) => mayShare(cause, support.keys, match))).length;
  if (covers === 'every' && bad.length < supports.length) return 'no';
  const inDoubt =
    covers === 'all' || covers === 'every'
      ? within(bad) > 0 && within(lost) === lost.length
      : isEnough(covers, within(bad), bad.length, supports.length);
  return inDoubt ? 'unknown' : 'no';
}

/** Which edge asks for the most supports. */
export function strictest(links: readonly { readonly edge: Edge }[]): Edge | undefined {
  const order = ['every', 'all', 'quorum', 'any'] as const;
  return order.flatMap((covers) => links.find(({ edge }) => (edge.covers ?? 'all') === covers)?.edge ?? [])[0];
}

/** Whether causes of several rules hit enough lost supports together, each by its own edge's key; the strictest edge decides. */
export function coverTogether(links: readonly { readonly cause: Fail; readonly edge: Edge }[], effect: Fail): boolean {
  const { supports = [] } = effect;
  const edge = strictest(links);
  const hit = supports.filter((support) =>
    links.some((link) => hits(link.cause.subject.keys, { ...effect, supports: [support] }, link.edge)),
  );
  const bad = supports.filter((support) => support.state !== 'good');
  return edge !== undefined && isEnough(edge.covers ?? 'all', hit.length, bad.length, supports.length);
}

/** Whether one cause has a part in it: it surely hits a support that is lost. */
export function hits(cause: Keys, effect: Fail, { match }: Edge): boolean {
  return (
    match !== undefined && (effect.supports ?? []).some((support) => support.state === 'lost' && sharesKey(cause, support.keys, match))
  );
}

/** The same where a key or a state that is not known refutes nothing. */
export function mayHit(cause: Keys, effect: Fail, { match }: Edge): boolean {
  const { supports } = effect;
  if (supports === undefined || supports.length === 0 || match === undefined) return true;
  return supports.some((support) => support.state !== 'good' && mayShare(cause, support.keys, match));
}

export function mayShare(one: Keys, other: Keys, key: KeyName): boolean {
  return one[key] === undefined || other[key] === undefined || sharesKey(one, other, key);
}

/**
 * `bad` counts what is not good. `quorum`: as many are hit as it takes to keep the rest from a majority, so 2 of 3,
 * 2 of 4, 3 of 5.
 */
export function isEnough(covers: Covers, hit: number, bad: number, total: number): boolean {
  if (hit === 0) return false;
  if (covers === 'any') return true;
  if (covers === 'every') return hit >= total;
  if (covers === 'all') return hit >= bad;
  return total - hit < Math.floor(total / 2) + 1;
}
