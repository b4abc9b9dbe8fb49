// How sure is a finding?
import type { Confidence } from '../model/report.ts';
import type { Fail } from '../model/verdict.ts';
import type { Draft, OwnEffect } from './drafts.ts';
import type { Links } from './links.ts';

const ladder: readonly Confidence[] = ['certain', 'strong', 'weak'];

/**
 * `certain`: the sick thing itself says so, or a configuration, certificate, alarm or hash. `strong`: two independent ways of
 * looking agree, one of which may be an effect that was seen in another way. `weak`: the rest. A finding is as sure as the least
 * sure of its verdicts, one step less where it lists an effect over something unseen or a failing rule may stand behind it
 * (its gate could not be decided), and weak where it lists an effect over an unproven edge.
 */
export function confidenceOf(draft: Draft, effects: readonly OwnEffect[], links: Links): Confidence {
  if (effects.some((effect) => effect.way.unproven)) return 'weak';
  const mayLieDeeper = links.possible.some((link) => draft.verdicts.includes(link.effect) && !draft.verdicts.includes(link.cause));
  const doubts = (effects.some((effect) => effect.way.bridges.length > 0) ? 1 : 0) + (mayLieDeeper ? 1 : 0);
  const level = Math.max(...draft.verdicts.map((verdict) => levelOf(verdict, draft))) + doubts;
  return ladder[level] ?? 'weak';
}

function levelOf(verdict: Fail, draft: Draft): number {
  if (verdict.witness === 'stated') return 0;
  if (verdict.witness === 'agreed') return 1;
  const seenOtherwise = [...draft.reach].some(([effect, way]) => way.sure && isIndependent(effect, verdict));
  return seenOtherwise ? 1 : 2;
}

/** No piece of evidence serves both. */
function isIndependent(one: Fail, other: Fail): boolean {
  return one.cites.length > 0 && !one.cites.some((cite) => other.cites.includes(cite));
}
