// Did a clock jump, or run at another pace than the others, between two looks? All values in milliseconds.
import type { Seen } from '../../model/rule.ts';
import type { Master } from '../../model/topology.ts';
import { difference, intersect, type Offset, offsetOf } from './clock.ts';
import { medianOf } from './host-clock.ts';

export interface Watched {
  /** Bounds of how much further than the others it went. */
  readonly moved: Offset;
  /** Between the two looks, by our clock. */
  readonly span: number;
}

/** `jumped`: within one look its times contradict each other. */
export type PaceReading = { readonly kind: 'watched'; readonly watched: Watched } | { readonly kind: 'jumped' } | { readonly kind: 'open' };

interface Change {
  readonly master: Master;
  readonly change: Offset;
  readonly span: number;
}

/**
 * Ours may have moved too: what all of them seem to have moved is our own clock's doing, so each is held against the
 * median of all. Ends the judgement where its clock was not looked at for long.
 */
export function paceOf(seen: Seen<'api.clock'>, master: Master): PaceReading {
  const own = changeOf(seen, master);
  if (own === 'jumped') {
    const others = seen.topology.masters.filter((one) => one !== master && seen.peek('api.clock', one.subject)?.state === 'known');
    const alone = others.some((one) => changeOf(seen, one) !== 'jumped');
    return alone ? { kind: 'jumped' } : { kind: 'open' };
  }
  if (own === undefined) return { kind: 'open' };
  const known = seen.topology.masters.filter((one) => seen.peek('api.clock', one.subject)?.state === 'known');
  const all = known.flatMap((one) => {
    const change = changeOf(seen, one);
    return change === undefined || change === 'jumped' ? [] : [change];
  });
  const median = all.length < 3 ? undefined : medianOf(all.map((one) => one.change));
  return median === undefined ? { kind: 'open' } : { kind: 'watched', watched: { moved: difference(own.change, median), span: own.span } };
}

/** Against our clock; undefined where there was one look. */
function changeOf(seen: Seen<'api.clock'>, master: Master): Change | 'jumped' | undefined {
  const looks = seen.samples('api.clock', master.subject);
  const offsets = looks.map((look) => intersect(look.value.readings.map(offsetOf)));
  const [first, last] = [offsets[0], offsets[offsets.length - 1]];
  if (first === undefined || last === undefined) return 'jumped';
  const [begun, ended] = [looks[0], looks[looks.length - 1]];
  if (begun === undefined || ended === undefined || begun === ended) return undefined;
  return { master, change: difference(last, first), span: ended.takenAt - begun.takenAt };
}
