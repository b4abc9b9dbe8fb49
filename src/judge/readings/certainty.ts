// What follows from several things of which some may not be known?
import type { Certainty } from '../../model/rule.ts';

/** All of them: one `no` decides, then one `unknown`. */
export function allOf(...certainties: readonly Certainty[]): Certainty {
  if (certainties.includes('no')) return 'no';
  return certainties.includes('unknown') ? 'unknown' : 'yes';
}
