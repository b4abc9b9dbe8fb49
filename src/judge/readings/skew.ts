// In which words is a clock compared with others?
import { say, type Text } from '../../model/sentence.ts';
import type { Link } from '../../model/rule.ts';
import type { Offset } from './clock.ts';

export function aheadOrBehind(offset: Offset): 'ahead' | 'behind' {
  return offset.low + offset.high > 0 ? 'ahead' : 'behind';
}

/** Such as `m1, m3`, or `m1: which of the two is right cannot be told`. */
export function againstWhom(others: readonly string[]): Text {
  const [first = ''] = others;
  return others.length === 1 ? say('{first} (which of the two is right is open)', { first }) : others.join(', ');
}

/** Whether one clock may be behind both verdicts: of two machines alone nobody knows which is off. */
export function sameDirection({ cause, effect }: Link): 'yes' | 'no' {
  const open = cause.reason === 'one-of-two' || effect.reason === 'one-of-two';
  return open || cause.reason === effect.reason ? 'yes' : 'no';
}
