// Which failing verdicts only made others hurt more?
import type { Worsening } from '../model/report.ts';
import { byKey, type Fail } from '../model/verdict.ts';
import type { Draft } from './drafts.ts';
import type { CauseGraph } from './graph.ts';
import type { Links } from './links.ts';

/**
 * Design weaknesses that are shown under what they worsen, not as findings: nothing stands above them, they bring about
 * nothing else that fails, and what they worsen is itself a cause or an effect of something. Anything else stays a finding,
 * so that no verdict is lost.
 */
export function findWorsenings(graph: CauseGraph, links: Links): ReadonlySet<Fail> {
  const idle = (vertex: Fail): boolean => graph.above(vertex).size === 0 && graph.below(vertex).length === 0;
  const candidates = new Set(links.worsens.map((link) => link.cause).filter(idle));
  return new Set(links.worsens.filter((link) => candidates.has(link.cause) && !candidates.has(link.effect)).map((link) => link.cause));
}

export function describeWorsenings(worsening: ReadonlySet<Fail>, links: Links, drafts: readonly Draft[]): readonly Worsening[] {
  return [...worsening].sort(byKey).map((verdict) => {
    const worsened = links.worsens.filter((link) => link.cause === verdict).map((link) => link.effect);
    return { verdict, of: drafts.flatMap((draft, index) => (draft.all.some((one) => worsened.includes(one)) ? [index + 1] : [])) };
  });
}
