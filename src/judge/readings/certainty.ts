// What follows from several things of which some may not be known?
import type { Certainty, Link } from '../../model/rule.ts';

/** All of them: one `no` decides, then one `unknown`. */
export function allOf(...certainties: readonly Certainty[]): Certainty {
  if (certainties.includes('no')) return 'no';
  return certainties.includes('unknown') ? 'unknown' : 'yes';
}

/** For edges: what is merely worth a note does not bring about what hurts. */
export function unlessMinor({ cause }: Link): Certainty {
  return cause.severity === 'info' ? 'no' : 'yes';
}
