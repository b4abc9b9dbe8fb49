// In which words is a clock compared with others?
import { say, type Text } from '../../model/sentence.ts';
import type { Certainty, Link, Seen } from '../../model/rule.ts';
import type { Offset } from './clock.ts';
import { type ClockEvidence, clockOn } from './host-clock.ts';

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

/** Whether a certificate that has not begun yet has begun by the clock of the machine it lies on, which so may have made it. */
export function begunByOwnClock({ cause, effect }: Link, seen: Seen<ClockEvidence>): Certainty {
  if (cause.reason === 'behind') return 'no';
  const own = clockOn(seen, cause.subject.keys.node);
  const begins = Date.parse(String(effect.facts['begins']).replace(' ', 'T'));
  if (own === undefined || Number.isNaN(begins)) return 'unknown';
  return begins <= seen.startedAt + own.high ? 'yes' : 'no';
}

/** Which difference is a fault, and which bound proves that there is none; milliseconds. */
export const serverSkew = {
  skew: { value: 1000, unit: 'milliseconds', source: 'etcd server/etcdserver/api/rafthttp/probing_status.go: warns above 1 s' },
  agree: {
    value: 3000,
    unit: 'milliseconds',
    source: 'what one Date header each, cut to whole seconds, can prove of two equal clocks: docs/ranking.md, Time',
  },
} as const;

export const kubeletSkew = {
  skew: {
    value: 2000,
    unit: 'milliseconds',
    source: 'convention: twice what etcd warns of, because heartbeats tell less than a Date does',
  },
  agree: {
    value: 15_000,
    unit: 'milliseconds',
    source: 'what one heartbeat can prove of equal clocks: 10 s it may have been under way, whole seconds of three clocks',
  },
} as const;

export const operatorSkew = {
  skew: { value: 5000, unit: 'milliseconds', source: 'convention: more than any Date header, cut to whole seconds and delayed, can hide' },
} as const;
