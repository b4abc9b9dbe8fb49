// Is the clock of a server off against those of the other machines of the control plane, and what comes of it?
import { fail, pass, undecided } from '../../../src/judge/define-rule.ts';
import { planToSetClock } from '../../../src/judge/plans/set-clock.ts';
import { describeOffset, surelyBeyond, surelyWithin } from '../../../src/judge/readings/clock.ts';
import type { ClockEvidence, Skew } from '../../../src/judge/readings/host-clock.ts';
import { aheadOrBehind, againstWhom, begunByOwnClock } from '../../../src/judge/readings/skew.ts';
import type { Cause, Edge, Fix, Judgement, Seen } from '../../../src/model/rule.ts';
import type { Subject } from '../../../src/model/subject.ts';

export const skewReasons = ['ahead', 'behind', 'one-of-two'] as const;

/** Milliseconds; beyond `critical`, where there is one, the skew is critical. */
interface SkewLimits {
  readonly skew: number;
  readonly agree: number;
  readonly critical?: number;
}

/** `skew`: undefined when no second machine told the time. */
export function judgeServerSkew(
  { name, id }: Subject,
  skew: Skew | undefined,
  limits: SkewLimits,
  howToGet: string,
): Judgement<(typeof skewReasons)[number]> {
  if (skew === undefined) return undecided('no second machine told the time', howToGet);
  const { offset, others } = skew;
  const facts = { node: name, address: id, skew: describeOffset(offset), against: againstWhom(others) };
  if (surelyBeyond(offset, limits.skew)) {
    const grave = limits.critical !== undefined && surelyBeyond(offset, limits.critical);
    const two = others.length === 1;
    return fail(facts, {
      ...(grave && { severity: 'critical', impact: 'degraded' }),
      reason: two ? 'one-of-two' : aheadOrBehind(offset),
      witness: two ? 'measured' : 'agreed',
    });
  }
  if (surelyWithin(offset, limits.agree)) return pass(facts);
  return undecided(`undecided: ${name} is ${facts.skew} from ${facts.against}`, howToGet);
}

/** What else a machine does by the same clock. */
export function effectsOfSkew(): readonly Edge[] {
  return [
    {
      to: 'cert-not-yet-valid',
      kind: 'causes',
      on: 'node',
      because: 'what was made on that machine begins when its clock says',
      when: (link, seen: Seen<ClockEvidence>) => begunByOwnClock(link, seen),
      unproven: true,
    },
    {
      to: 'le-renew-in-future',
      kind: 'causes',
      on: 'node',
      because: 'whoever renews leases on that machine writes its time',
      when: ({ cause }) => (cause.reason === 'behind' ? 'no' : 'yes'),
    },
  ];
}

export function planToSetClocks({ verdicts }: Cause, seen: Seen): readonly Fix[] {
  return verdicts.flatMap(({ subject, reason }) =>
    planToSetClock(subject.keys.node ?? subject.name, reason === 'ahead' || reason === 'behind' ? reason : 'unclear', seen),
  );
}
